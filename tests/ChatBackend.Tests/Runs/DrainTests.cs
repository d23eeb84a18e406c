using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Runs;

/// <summary>A server that stops lets runs end, and names those that did not.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task A_run_that_ends_while_the_server_waits_for_it_is_whole_and_the_stop_complains_of_nothing()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            using var lines = new LogLines(typeof(AgentRun).FullName!);
            var server = new ChatServer(
                data,
                services => services.AddSingleton<ILogger<AgentRun>>(new Logger<AgentRun>(LoggerFactory.Create(logging => logging.AddProvider(lines)))),
                ("Runs:DrainBound", "00:01:00"));
            await using var client = await server.ConnectAsync();
            var ack = await client.PlayAsync($$"""{"steps":[{"wait_ms":{{ShiftedTime.Gate}}},{"say":"whole"}]}""");
            var stopping = server.DisposeAsync().AsTask();
            await client.Frames.UntilAsync<ServerDraining>();

            server.Clock.OpenGates();
            await stopping.Soon();

            lines.All.Should().NotContain(line => line.StartsWith("Warning", StringComparison.Ordinal));
            await using var next = new ChatServer(data);
            await using var late = await next.ConnectAsync(client.Guest);
            await late.Connection.FollowAsync(ack.ThreadId!.Value).Soon();
            (await late.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("whole");
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}
