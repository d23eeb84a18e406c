using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Runs;

/// <summary>A run whose thread can neither record its end nor be released is over all the same: a drain does not wait for it.</summary>
public sealed class BrokenReleaseTests
{
    [Fact]
    [Trait("failure", "Q3")]
    public async Task A_run_whose_thread_cannot_be_released_is_over()
    {
        await using var server = new ChatServer();
        var sink = ServiceDecoration.Of<IRunSink>(null!, (_, called, _) => throw new InvalidOperationException($"{called} failed."));
        var start = new RunRequest(UserId.New(), ThreadId.New(), RunId.New(), MessageId.New(), 1, "script", 2, []);

        var run = server.Services.GetRequiredService<ActiveRuns>().Start(start, sink);

        await run.Ended.Soon();
        await run.Completion.Soon();
        await server.UntilGaugeAsync("chat_runs", 0);
    }
}
