using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Runs;

/// <summary>A tool that needs approval is called once, with the arguments that were shown, or not at all.</summary>
[Trait("failure", "P9")]
public sealed class ApprovalTests
{
    private const string Mail = """{"steps":[{"say":"one moment"},{"tool":"mail","arguments":{"to":"ada","n":1},"approval":true},{"say":"done"}]}""";

    [Fact]
    public async Task An_approved_call_is_made_with_what_was_shown()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync(Mail);
        var required = await client.Frames.UntilAsync<ApprovalRequired>();

        var decided = await client.Connection.DecideAsync(required, ApprovalDecision.Approve, "go on").Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
        client.Frames.All().OfType<RunEvent>().Select(threadEvent => threadEvent.GetType()).Should().Equal(
            typeof(AgentStarted), typeof(AgentPart), typeof(ApprovalRequired), typeof(ApprovalDecided),
            typeof(ToolExecuting), typeof(ToolCompleted), typeof(AgentCompleted));
        var decision = client.Frames.All().OfType<ApprovalDecided>().Single();
        decision.Should().BeEquivalentTo(new { required.CallId, Decision = ApprovalDecision.Approve, DecidedBy = client.Guest.UserId, Note = "go on" });
        decided.Should().BeEquivalentTo(new { Status = AckStatus.Accepted, ack.ThreadId, ack.RunId, Seq = (long?)decision.Seq });
        var executing = client.Frames.All().OfType<ToolExecuting>().Single();
        executing.CallId.Should().Be(required.CallId);
        executing.Arguments.GetRawText().Should().Be(required.Arguments.GetRawText());
        client.Frames.All().ToList().FindIndex(frame => frame is Ack answer && answer.Id == decided.Id)
            .Should().BeLessThan(client.Frames.All().ToList().IndexOf(decision));
    }

    [Fact]
    public async Task A_rejected_call_is_not_made_and_the_run_goes_on()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync(Mail);
        var required = await client.Frames.UntilAsync<ApprovalRequired>();

        await client.Connection.DecideAsync(required, ApprovalDecision.Reject, "not before Monday").Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
        client.Frames.All().OfType<ToolExecuting>().Should().BeEmpty();
        var completed = client.Frames.All().OfType<ToolCompleted>().Single();
        (completed.CallId, completed.Outcome).Should().Be((required.CallId, ToolOutcome.Rejected));
        completed.Error.Should().Contain("not before Monday");
    }

    [Fact]
    public async Task The_first_of_two_devices_wins_and_the_other_learns_the_winner()
    {
        const int rounds = 500;
        await using var server = new ChatServer();
        await using var one = await server.ConnectAsync();
        await using var other = await server.ConnectAsync(one.Guest);
        var thread = (await one.PlayAsync("""{"steps":[{"say":"hello"}]}""")).ThreadId!.Value;
        await other.Connection.FollowAsync(thread).Soon();
        var random = new Random(9);
        for (var round = 0; round < rounds; round++)
        {
            var ack = await one.PlayAsync(Mail, thread);
            var required = await one.Frames.UntilAsync<ApprovalRequired>(asked => asked.RunId == ack.RunId);
            var wanted = new[] { ApprovalDecision.Approve, ApprovalDecision.Reject };
            random.Shuffle(wanted);

            var outcomes = await Task.WhenAll(OutcomeAsync(one, required, wanted[0]), OutcomeAsync(other, required, wanted[1]));
            await one.EndOfAsync(ack);

            var events = one.Frames.All().OfType<RunEvent>().Where(threadEvent => threadEvent.RunId == ack.RunId).ToList();
            var winner = events.OfType<ApprovalDecided>().Should().ContainSingle().Subject;
            outcomes.Count(outcome => outcome is null).Should().Be(1);
            outcomes[Array.IndexOf(wanted, winner.Decision)].Should().BeNull("its decision is the one that is recorded");
            outcomes.OfType<Error>().Single().Should().BeEquivalentTo(
                new { Code = ErrorCode.AlreadyDecided, Decision = (ApprovalDecision?)winner.Decision, DecidedBy = (UserId?)one.Guest.UserId });
            events.OfType<ToolExecuting>().Should().HaveCount(winner.Decision == ApprovalDecision.Approve ? 1 : 0);
            events.OfType<ToolCompleted>().Should().ContainSingle();
            one.Frames.Clear();
            other.Frames.Clear();
        }
    }

    [Fact]
    public async Task A_decision_counts_only_for_what_was_shown_to_its_owner_and_once()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var stranger = await server.ConnectAsync();
        var ack = await client.PlayAsync(Mail);
        var required = await client.Frames.UntilAsync<ApprovalRequired>();
        var id = ClientFrameId.New();

        (await RefusalAsync(client, required with { ArgumentsDigest = "sha256:00" })).Code.Should().Be(ErrorCode.NotFound);
        (await RefusalAsync(client, required with { CallId = CallId.New() })).Code.Should().Be(ErrorCode.NotFound);
        (await RefusalAsync(client, required with { CallId = new CallId(ack.MessageId!.Value.Value) })).Code.Should().Be(ErrorCode.NotFound);
        (await RefusalAsync(stranger, required)).Code.Should().Be(ErrorCode.NotFound);
        client.Frames.All().OfType<ApprovalDecided>().Should().BeEmpty();

        var first = await client.Connection.DecideAsync(required, ApprovalDecision.Approve, id: id).Soon();
        await client.EndOfAsync(ack);
        var again = await client.Connection.DecideAsync(required, ApprovalDecision.Approve, id: id).Soon();

        again.Should().Be(first with { Status = AckStatus.Duplicate });
        (await RefusalAsync(client, required, ApprovalDecision.Reject, id)).Code.Should().Be(ErrorCode.IdConflict);
        (await RefusalAsync(client, required)).Should().BeEquivalentTo(new { Code = ErrorCode.AlreadyDecided, Decision = (ApprovalDecision?)ApprovalDecision.Approve });
        client.Frames.All().OfType<ApprovalDecided>().Should().ContainSingle();
    }

    [Fact]
    public async Task After_its_time_a_call_counts_as_rejected_and_the_run_goes_on()
    {
        await using var server = new ChatServer(("Runs:ApprovalTimeout", "00:00:01"));
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync(Mail);
        var required = await client.Frames.UntilAsync<ApprovalRequired>();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();

        client.Frames.All().OfType<ToolExecuting>().Should().BeEmpty();
        client.Frames.All().OfType<ApprovalDecided>().Should().BeEmpty();
        client.Frames.All().OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Rejected);
        (await RefusalAsync(client, required)).Code.Should().Be(ErrorCode.Expired);
    }

    [Fact]
    public async Task A_decision_that_comes_after_the_time_and_before_the_run_noticed_is_too_late()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await client.PlayAsync(Mail);
        var required = await client.Frames.UntilAsync<ApprovalRequired>();

        server.Clock.Elapsed = TimeSpan.FromHours(2);
        (await RefusalAsync(client, required)).Code.Should().Be(ErrorCode.Expired);

        client.Frames.All().OfType<RunEvent>().Should().NotContain(threadEvent => threadEvent is ApprovalDecided || threadEvent is ToolExecuting);
    }

    [Fact]
    public async Task A_stop_ends_a_run_that_waits_and_there_is_nothing_left_to_decide()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync(Mail);
        var required = await client.Frames.UntilAsync<ApprovalRequired>();

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        var end = (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Subject;
        end.SideEffects.Should().BeNull();
        client.Frames.All().OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Rejected);
        (await RefusalAsync(client, required)).Code.Should().Be(ErrorCode.NoSuchRun);
    }

    [Fact]
    public async Task Configuration_decides_by_a_tools_name()
    {
        await using var server = new ChatServer(("Tools:look:Approval", "always"), ("Tools:mail:Approval", "never"));
        await using var client = await server.ConnectAsync();

        await client.EndOfAsync(await client.PlayAsync(Mail));
        client.Frames.All().OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Succeeded);
        client.Frames.All().OfType<ApprovalRequired>().Should().BeEmpty();

        await client.PlayAsync("""{"steps":[{"tool":"look"}]}""");
        (await client.Frames.UntilAsync<ApprovalRequired>()).Tool.Should().Be("look");
    }

    [Fact]
    public async Task Waiting_for_people_is_not_part_of_a_runs_time()
    {
        await using var server = new ChatServer(("Runs:Timeout", "00:00:02"));
        await using var client = await server.ConnectAsync();
        var waiting = await client.PlayAsync(Mail);
        var required = await client.Frames.UntilAsync<ApprovalRequired>();

        var slow = await client.PlayAsync("""{"steps":[{"wait_ms":600000}]}""");
        (await client.EndOfAsync(slow)).Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.Timeout);
        await client.Connection.DecideAsync(required, ApprovalDecision.Approve).Soon();

        (await client.EndOfAsync(waiting)).Should().BeOfType<AgentCompleted>();
    }

    [Theory]
    [InlineData(ApprovalDecision.Approve, ToolOutcome.Succeeded)]
    [InlineData(ApprovalDecision.Reject, ToolOutcome.Rejected)]
    public async Task A_restart_between_request_and_decision_changes_nothing(ApprovalDecision decision, ToolOutcome outcome)
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            var server = new ChatServer(data);
            var client = await server.ConnectAsync();
            var ack = await client.PlayAsync("""{"steps":[{"tool":"look","result":1},{"tool":"mail","arguments":{"to":"ada"},"approval":true},{"say":"done"}]}""");
            var required = await client.Frames.UntilAsync<ApprovalRequired>();
            await server.DisposeAsync();

            await using var next = new ChatServer(data);
            await using var later = await next.ConnectAsync(client.Guest);
            await later.Connection.FollowAsync(ack.ThreadId!.Value).Soon();
            later.Frames.All().OfType<RunEvent>().Last().Should().BeOfType<ApprovalRequired>("the run still waits");
            await later.Connection.DecideAsync(required, decision).Soon();

            (await later.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
            later.Frames.All().OfType<ToolCompleted>().Select(tool => tool.Outcome).Should().Equal(ToolOutcome.Succeeded, outcome);
            later.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq)
                .Should().Equal(Enumerable.Range(1, later.Frames.All().OfType<ThreadEvent>().Count()).Select(seq => (long)seq));
            await client.DisposeAsync();
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task<Error?> OutcomeAsync(TestClient client, ApprovalRequired required, ApprovalDecision decision)
    {
        var id = ClientFrameId.New();
        try
        {
            await client.Connection.DecideAsync(required, decision, id: id).Soon();
            return null;
        }
        catch (ChatBackend.Client.ChatErrorException)
        {
            return await client.Frames.UntilAsync<Error>(error => error.Id == id);
        }
    }

    private static async Task<Error> RefusalAsync(
        TestClient client, ApprovalRequired required, ApprovalDecision decision = ApprovalDecision.Approve, ClientFrameId? id = null)
    {
        var sent = id ?? ClientFrameId.New();
        await TestClient.RefusalOfAsync(() => client.Connection.DecideAsync(required, decision, id: sent).Soon());
        return client.Frames.All().OfType<Error>().Last(error => error.Id == sent);
    }
}
