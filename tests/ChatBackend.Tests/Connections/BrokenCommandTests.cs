using System.Text.Json;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Connections;

/// <summary>A command that a bug breaks is answered with a reference; one that cannot even be answered ends its connection and no other.</summary>
public sealed class BrokenCommandTests
{
    private const string Follow = """{"type":"follow","id":"f1","thread_id":"thr_1","after_seq":0}""";
    private const string Stop = """{"type":"stop","id":"s1","thread_id":"thr_1","run_id":"run_1"}""";

    [Fact]
    [Trait("failure", "Q1")]
    public async Task A_command_that_breaks_is_answered_with_a_reference_and_the_connection_goes_on()
    {
        await using var server = new ChatServer(BreakStops);
        await using var raw = await server.ConnectRawAsync();

        await raw.SendAsync(Stop);

        var refused = await raw.ReceiveAsync();
        (Text(refused, "code"), Text(refused, "id")).Should().Be(("internal", "s1"));
        Text(refused, "message").Should().StartWith("Internal error. Reference: ").And.NotContain("bug");
        await raw.SendAsync(Follow);
        Text(await raw.ReceiveAsync(), "code").Should().Be("not_found");
    }

    [Fact]
    [Trait("failure", "Q1")]
    public async Task A_command_that_cannot_even_be_refused_ends_its_connection_and_no_other()
    {
        await using var server = new ChatServer(services =>
        {
            BreakStops(services);
            services.AddSingleton<ILogger<AgentMessageHandler>, BrokenLogger>();
        });
        await using var raw = await server.ConnectRawAsync();
        await using var other = await server.ConnectRawAsync();

        await raw.SendAsync(Stop);

        (await raw.ReceiveCloseAsync()).Should().Be(CloseCodes.Internal);
        await other.SendAsync(Follow);
        Text(await other.ReceiveAsync(), "code").Should().Be("not_found");
    }

    private static string? Text(JsonElement frame, string name) => frame.GetProperty(name).GetString();

    private static void BreakStops(IServiceCollection services) => services.Decorate<IGrainFactory>((_, _, call) => call() switch
    {
        IThreadGrain grain => ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) =>
            called == nameof(IThreadGrain.Stop) ? Task.FromException<CommandReply>(new ArithmeticException("A bug.")) : next()),
        var made => made,
    });

    /// <summary>Fails at the line that says which command broke.</summary>
    private sealed class BrokenLogger : ILogger<AgentMessageHandler>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).StartsWith("Unhandled exception", StringComparison.Ordinal))
            {
                throw new IOException("The log cannot be written.");
            }
        }
    }
}
