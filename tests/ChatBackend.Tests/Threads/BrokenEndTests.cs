using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Threads;

/// <summary>The end of a run throws an unexpected exception: its thread is free, and the run has its one end as soon as that can be recorded.</summary>
[Trait("failure", "Q3")]
public sealed class BrokenEndTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    [Fact]
    public async Task The_run_ends_once_with_what_it_said_and_the_next_message_is_answered()
    {
        await using var server = Server(out var log);
        await using var client = await server.ConnectAsync();
        var left = 1;
        log().FaultOf = append => Ends(append) && left-- > 0 ? AppendFault.Bug : null;

        var ack = await client.PlayAsync(Hello);

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>()
            .Which.Should().Match<AgentFailed>(failed => failed.Code == RunFailure.Interrupted && failed.Content == "hello");
        (await client.EndOfAsync(await client.PlayAsync(Hello, ack.ThreadId))).Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<RunEvent>().Where(ofRun => ofRun.RunId == ack.RunId).Should().HaveCount(2, "it started and ended once");
        await server.UntilGaugeAsync("chat_runs", 0);
    }

    [Fact]
    public async Task While_the_end_cannot_be_recorded_a_stop_is_taken_a_message_waits_and_health_says_so()
    {
        await using var server = Server(out var log);
        await using var client = await server.ConnectAsync();
        var isBroken = true;
        log().FaultOf = append => isBroken && Ends(append) ? AppendFault.Bug : null;
        var ack = await client.PlayAsync(Hello);
        await server.UntilGaugeAsync("chat_runs", 0);
        await server.UntilGaugeAsync("""chat_background_failing_items{service="recovery"}""", 1);

        (await client.Connection.StopAsync(ack.ThreadId!.Value, ack.RunId).Soon()).Should().Match<Ack>(stop => stop.Status == AckStatus.Accepted && stop.RunId == ack.RunId);
        var waiting = await client.PlayAsync(Hello, ack.ThreadId);
        waiting.RunId.Should().BeNull();
        await client.Frames.UntilAsync<UserMessage>(message => message.MessageId == waiting.MessageId);
        var health = await server.Http.GetStringAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
        health.Should().Be("Degraded\nbackground service recovery: 1 failing");

        isBroken = false;

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>()
            .Which.Should().Match<AgentStopped>(stopped => stopped.Content == "hello" && stopped.Reason == StopReason.User);
        var next = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == waiting.MessageId);
        (await client.EndOfAsync(next.RunId)).Should().BeOfType<AgentCompleted>();
        await server.UntilGaugeAsync("""chat_background_failing_items{service="recovery"}""", 0);
    }

    [Fact]
    public async Task A_stop_that_was_accepted_before_the_end_broke_is_how_it_ended_and_the_next_run_is_not_stopped_by_it()
    {
        await using var server = Server(out var log);
        await using var client = await server.ConnectAsync();
        var left = 1;
        log().FaultOf = append => Ends(append) && left-- > 0 ? AppendFault.Bug : null;
        var ack = await client.PlayAsync("""{"steps":[{"say":"half"},{"wait_ms":600000}]}""");
        var waiting = await client.PlayAsync(Hello, ack.ThreadId);
        await client.Frames.UntilAsync<AgentDelta>();

        await client.Connection.StopAsync(ack.ThreadId!.Value, ack.RunId).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Content.Should().Be("half");
        var next = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == waiting.MessageId);
        (await client.EndOfAsync(next.RunId)).Should().BeOfType<AgentCompleted>();
    }

    [Fact]
    public async Task While_the_server_stops_it_is_not_begun_again()
    {
        using var lines = new LogLines(typeof(AgentRun).FullName!);
        var server = new ChatServer(services =>
        {
            services.AddSingleton<IEventLog>(provider => new FaultyLog(provider.GetRequiredService<SqliteEventLog>()));
            services.AddSingleton<ILogger<AgentRun>>(new Logger<AgentRun>(LoggerFactory.Create(logging => logging.AddProvider(lines))));
        });
        await using var client = await server.ConnectAsync();
        await client.PlayAsync($$"""{"steps":[{"wait_ms":{{ShiftedTime.Gate}}},{"say":"hello"}]}""");
        ((FaultyLog)server.Services.GetRequiredService<IEventLog>()).FaultOf = append => Ends(append) ? AppendFault.Bug : null;
        var stopping = server.DisposeAsync().AsTask();
        await client.Frames.UntilAsync<ServerDraining>();

        server.Clock.OpenGates();
        await stopping.Soon();

        lines.All.Should().ContainSingle(line => line.Contains("Run started", StringComparison.Ordinal))
            .And.ContainSingle(line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static bool Ends(LogAppend append) => append.Events.Any(logged =>
        Encoding.UTF8.GetString(logged.Json.Span) is var json && (json.Contains("\"agent_completed\"") || json.Contains("\"agent_failed\"") || json.Contains("\"agent_stopped\"")));

    private static ChatServer Server(out Func<FaultyLog> log)
    {
        var server = new ChatServer(services => services.AddSingleton<IEventLog>(provider => new FaultyLog(provider.GetRequiredService<SqliteEventLog>())));
        log = () => (FaultyLog)server.Services.GetRequiredService<IEventLog>();
        return server;
    }
}
