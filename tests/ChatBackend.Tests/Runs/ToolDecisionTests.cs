using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Runs;

/// <summary>Calls with and without approval: what is recorded of each, and what the model is told.</summary>
public sealed class ToolDecisionTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingSink _sink = new();
    private readonly RunDeadline _budget;
    private readonly List<string> _got = [];

    public ToolDecisionTests() => _budget = new RunDeadline(TimeSpan.FromHours(1), _clock, () => { });

    [Fact]
    public async Task Calls_that_need_no_approval_come_first_and_the_others_are_asked_for_together_and_made_as_they_are_decided()
    {
        Decide((1, ApprovalDecision.Approve, null), (0, ApprovalDecision.Reject, "not to her"), (2, ApprovalDecision.Reject, null), (3, null, null));
        _sink.Before = call => (_budget.IsPaused, call == "decide").Should().Match<(bool, bool)>(pair => pair.Item1 == pair.Item2, "only people are waited for");

        var told = await CallAsync(Mail("a", "ada"), Call("b", "clock"), Mail("c", "ben"), Mail("d", "cleo"), Mail("e", "dan"));

        _sink.Calls.Should().Equal(
            "start clock {}", "ended clock Succeeded", "ask mail,mail,mail,mail 01:00:00",
            "decide", """start mail {"to":"ben"}""", "ended mail Succeeded", "decide", "ended mail Rejected", "decide", "ended mail Rejected", "decide");
        told.Should().Equal(
            """a {"error":"The user rejected the call: not to her"}""", "b \"noon\"", "c \"sent\"", """d {"error":"The user rejected the call."}""",
            """e {"error":"The call was not approved in time."}""");
        _got.Should().Equal("ben");
    }

    [Fact]
    public async Task What_is_asked_for_names_the_call_and_binds_its_arguments_and_its_end_says_how_long_it_waited()
    {
        Decide((0, ApprovalDecision.Reject, "no"));
        _sink.Before = call =>
        {
            if (call == "decide")
            {
                _clock.Advance(TimeSpan.FromMilliseconds(1500));
            }
        };

        await CallAsync(Mail("a", "ada"));

        var asked = _sink.Asked.Single();
        (asked.Tool, asked.Arguments.GetRawText(), asked.ArgumentsDigest).Should().Be(("mail", """{"to":"ada"}""", ArgumentsDigest.Of("mail", JsonElement.Parse("""{"to":"ada"}"""))));
        _sink.Ended.Should().Equal(new ToolCompleted
        {
            RunId = default, CallId = asked.CallId, Tool = "mail", Outcome = ToolOutcome.Rejected, Error = "The user rejected the call: no", DurationMs = 1500,
        });
    }

    [Fact]
    public async Task A_call_without_a_decision_in_time_is_recorded_as_that()
    {
        Decide((0, null, null));

        await CallAsync(Mail("a", "ada"));

        _sink.Ended.Should().Equal(new ToolCompleted
        {
            RunId = default, CallId = _sink.Asked[0].CallId, Tool = "mail", Outcome = ToolOutcome.Rejected, Error = "The call was not approved in time.", DurationMs = 0,
        });
    }

    [Fact]
    public async Task A_call_that_was_made_is_recorded_with_its_result_and_how_long_it_took()
    {
        var told = await CallAsync(Call("a", "slow"));

        var ended = _sink.Ended.Single();
        (ended.Tool, ended.Outcome, ended.Error, ended.DurationMs, ended.Result!.Value.GetRawText()).Should().Be(("slow", ToolOutcome.Succeeded, null, 250, """{"n":1}"""));
        told.Should().Equal("""a {"n":1}""");
    }

    [Theory]
    [InlineData(988, true)]
    [InlineData(989, false)]
    public async Task Arguments_may_have_as_many_bytes_as_are_allowed(int length, bool isTaken)
    {
        var call = new FunctionCallContent("a", "clock", new Dictionary<string, object?> { ["place"] = new string('x', length) });

        var told = await CallAsync(call);

        _sink.Ended.Single().Outcome.Should().Be(isTaken ? ToolOutcome.Succeeded : ToolOutcome.Failed);
        told.Single().Should().Be(isTaken ? "a \"noon\"" : """a {"error":"The arguments are larger than 1000 bytes."}""");
        _sink.Calls[0].Should().StartWith(isTaken ? """start clock {"place":"xxx""" : "start clock {}");
    }

    [Fact]
    public async Task Arguments_that_are_not_JSON_or_nest_too_deep_are_refused_and_need_no_approval()
    {
        var broken = Mail("a", "ada");
        broken.Exception = new JsonException("half");
        object deep = 1;
        for (var depth = 0; depth < ChatProtocol.MaxDepth; depth++)
        {
            deep = new[] { deep };
        }

        await CallAsync(broken, new FunctionCallContent("b", "mail", new Dictionary<string, object?> { ["to"] = deep }));

        _sink.Ended.Select(ended => ended.Error).Should().Equal(
            "The arguments are not JSON that can be read. Send one whole JSON object.", $"The arguments nest deeper than {ChatProtocol.MaxDepth - 2} levels.");
        _sink.Asked.Should().BeEmpty();
    }

    [Theory]
    [InlineData(ChatProtocol.MaxDepth - 4, true)]
    [InlineData(ChatProtocol.MaxDepth - 3, false)]
    public async Task Arguments_may_nest_so_deep_that_a_client_reads_them_in_an_event(int depth, bool isTaken)
    {
        object deep = 1;
        for (var i = 0; i < depth; i++)
        {
            deep = new[] { deep };
        }

        await CallAsync(new FunctionCallContent("a", "clock", new Dictionary<string, object?> { ["place"] = deep }));

        var taken = _sink.Calls[0]["start clock ".Length..];
        (taken != "{}").Should().Be(isTaken);
        var executing = new ToolExecuting { ThreadId = new("thr_1"), RunId = new("run_1"), CallId = new("c"), Tool = "clock", Arguments = JsonElement.Parse(taken) };
        WireJson.DecodeServerFrame(WireJson.Encode((ServerFrame)executing)).Should().BeOfType<ToolExecuting>();
    }

    [Fact]
    public async Task A_call_without_arguments_has_none()
    {
        await CallAsync(new FunctionCallContent("a", "clock"));

        _sink.Calls.Should().Equal("start clock {}", "ended clock Succeeded");
    }

    [Fact]
    public async Task Calls_of_an_earlier_process_go_on_with_what_was_asked_for()
    {
        ApprovalRequired[] pending = [Required("call_1", "ada"), Required("call_2", "ben")];
        _sink.Asked.AddRange(pending);
        Decide((1, ApprovalDecision.Approve, null), (0, ApprovalDecision.Reject, null));
        FunctionCallContent[] calls = [Mail("a", "ada"), Mail("b", "ben")];
        Array.ForEach(calls, call => CallIds.Name(call, call.CallId == "a" ? pending[0].CallId : pending[1].CallId));
        ChatMessage[] conversation = [new(ChatRole.User, "hello"), new(ChatRole.Assistant, [.. calls])];

        var told = await Calls().ResumeAsync(pending, conversation, CancellationToken.None);

        told.Select(Told).Should().Equal("""a {"error":"The user rejected the call."}""", "b \"sent\"");
        _sink.Calls.Should().Equal("decide", """start mail {"to":"ben"}""", "ended mail Succeeded", "decide", "ended mail Rejected");
        _sink.Ended.Select(ended => ended.CallId.Value).Should().Equal("call_2", "call_1");
    }

    [Fact]
    public async Task A_tool_has_the_services_of_its_run()
    {
        await CallAsync(Call("a", "whose"));

        _sink.Ended.Single().Result!.Value.GetString().Should().Be("usr_1");
    }

    public void Dispose() => _budget.Dispose();

    private void Decide(params (int Call, ApprovalDecision? Decision, string? Note)[] decisions)
    {
        foreach (var (call, decision, note) in decisions)
        {
            _sink.Decisions.Enqueue((call, decision is { } made
                ? new ApprovalDecided { RunId = default, CallId = default, Decision = made, DecidedBy = new("usr_1"), Note = note }
                : null));
        }
    }

    private async Task<List<string>> CallAsync(params FunctionCallContent[] calls) =>
        [.. (await Calls().CallAsync(calls, new Turn([], []), CancellationToken.None)).Select(Told)];

    private static string Told(AIContent content) => $"{((FunctionResultContent)content).CallId} {JsonSerializer.Serialize(((FunctionResultContent)content).Result)}";

    private ToolInvoker Calls()
    {
        AIFunction[] tools =
        [
            new ApprovalRequiredAIFunction(AIFunctionFactory.Create((string to) => { _got.Add(to); return "sent"; }, "mail")),
            AIFunctionFactory.Create((string? place = null) => "noon", "clock"),
            AIFunctionFactory.Create(() => { _clock.Advance(TimeSpan.FromMilliseconds(250)); return new { n = 1 }; }, "slow"),
            AIFunctionFactory.Create((AIFunctionArguments arguments) => arguments.Services!.GetRequiredService<ChatRunContext>().UserId.Value, "whose"),
        ];
        var services = new ServiceCollection().AddSingleton(TestRuns.Context("usr_1")).BuildServiceProvider();
        return TestRuns.Invoker(
            new Agent { Name = "agent", Model = null!, Tools = tools }, _sink, _budget, new RunOptions { MaxToolBytes = 1000 }, _clock, context: TestRuns.Context("usr_1", services));
    }

    private static FunctionCallContent Call(string id, string tool) => new(id, tool, new Dictionary<string, object?>());

    private static FunctionCallContent Mail(string id, string to) => new(id, "mail", new Dictionary<string, object?> { ["to"] = to });

    private static ApprovalRequired Required(string id, string to) => new()
    {
        RunId = default, CallId = new(id), Tool = "mail", Arguments = JsonElement.Parse($$"""{"to":"{{to}}"}"""), ArgumentsDigest = "", ExpiresAt = default,
    };
}
