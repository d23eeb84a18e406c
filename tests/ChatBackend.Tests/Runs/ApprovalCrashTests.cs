using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Runs;

/// <summary>A process died somewhere between the request and the end of a call; the log shows where, and the next process goes on from there.</summary>
[Trait("failure", "P9")]
public sealed class ApprovalCrashTests
{
    private const string Mail = """{"steps":[{"tool":"mail","arguments":{"to":"ada"},"approval":true},{"say":"done"}]}""";
    private static readonly JsonElement Arguments = JsonElement.Parse("""{"to":"ada"}""");
    private static readonly RunId Run = new("run_1");
    private static readonly CallId Call = new("call_1");

    [Fact]
    public async Task Before_the_decision_it_is_still_to_be_made()
    {
        await using var server = new ChatServer();
        await using var client = await FollowAsync(server, Required(server));

        var required = await client.Frames.UntilAsync<ApprovalRequired>();
        await client.Connection.DecideAsync(required, ApprovalDecision.Approve).Soon();

        (await client.EndOfAsync(Run)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle().Which.Outcome.Should().Be(ToolOutcome.Succeeded);
    }

    [Fact]
    public async Task Between_approval_and_execution_the_call_is_made_once()
    {
        await using var server = new ChatServer();
        await using var client = await FollowAsync(server, Required(server), Decided(ApprovalDecision.Approve));

        (await client.EndOfAsync(Run)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
        client.Frames.All().OfType<ToolExecuting>().Should().ContainSingle().Which.CallId.Should().Be(Call);
        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle().Which.Outcome.Should().Be(ToolOutcome.Succeeded);
    }

    [Fact]
    public async Task After_a_rejection_the_run_goes_on_without_the_call()
    {
        await using var server = new ChatServer();
        await using var client = await FollowAsync(server, Required(server), Decided(ApprovalDecision.Reject));

        (await client.EndOfAsync(Run)).Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<ToolExecuting>().Should().BeEmpty();
        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle().Which.Outcome.Should().Be(ToolOutcome.Rejected);
    }

    [Fact]
    public async Task During_execution_the_call_is_abandoned_and_never_made_again()
    {
        await using var server = new ChatServer();
        var executing = new ToolExecuting { RunId = Run, CallId = Call, Tool = "mail", Arguments = Arguments };
        await using var client = await FollowAsync(server, Required(server), Decided(ApprovalDecision.Approve), executing);

        var end = (await client.EndOfAsync(Run)).Should().BeOfType<AgentFailed>().Subject;
        end.Code.Should().Be(RunFailure.Interrupted);
        end.SideEffects.Should().Equal(new SideEffect { CallId = Call, Tool = "mail", Outcome = ToolOutcome.Abandoned });
        client.Frames.All().OfType<ToolExecuting>().Should().ContainSingle();
        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle().Which.Outcome.Should().Be(ToolOutcome.Abandoned);
    }

    private static ApprovalRequired Required(ChatServer server) => new()
    {
        RunId = Run, CallId = Call, Tool = "mail", Arguments = Arguments,
        ArgumentsDigest = ArgumentsDigest.Of("mail", Arguments), ExpiresAt = server.Clock.GetUtcNow() + TimeSpan.FromHours(1),
    };

    private static ApprovalDecided Decided(ApprovalDecision decision) =>
        new() { RunId = Run, CallId = Call, Decision = decision, DecidedBy = new UserId("usr_1") };

    /// <summary>Follows a thread whose log ends with these events, as a dead process left it.</summary>
    private static async Task<TestClient> FollowAsync(ChatServer server, params ThreadEvent[] left)
    {
        var client = await server.ConnectAsync();
        var thread = ThreadId.New();
        ThreadEvent[] events =
        [
            new UserMessage { MessageId = new("msg_1"), Content = Mail, ClientId = new("c_1"), Agent = "script" },
            new AgentStarted { RunId = Run, Agent = "script", MessageId = new("msg_1") },
            .. left,
        ];
        var at = server.Clock.GetUtcNow();
        var logged = events.Select((threadEvent, i) => threadEvent with { ThreadId = thread, Seq = i + 1, At = at })
            .Select(threadEvent => new LogEvent(threadEvent.Seq, WireJson.Encode(threadEvent), null, null));
        var append = new LogAppend { Thread = thread, Epoch = 1, Head = 0, NewOwner = client.Guest.UserId, OpenFrom = 1, Events = [.. logged], At = at };
        await server.Services.GetRequiredService<IEventLog>().AppendAsync(append, CancellationToken.None).Soon();
        await client.Connection.FollowAsync(thread).Soon();
        return client;
    }
}
