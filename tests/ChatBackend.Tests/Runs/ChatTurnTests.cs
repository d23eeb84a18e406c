using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;

namespace ChatBackend.Tests.Runs;

/// <summary>A message and its run, as the model is shown them, and what they hold in memory.</summary>
public sealed class ChatTurnTests
{
    private const int Overhead = 300;
    private static readonly RunId Run = new("run_1");

    private readonly ChatTurn _exchange = new(Message("hello", 1));

    [Fact]
    public void Each_event_of_a_run_is_shown_as_the_model_made_it()
    {
        Add(
            new AgentPart { RunId = Run, PartId = new("p_0"), Kind = PartKind.Thinking, Text = "hm" },
            new AgentPart { RunId = Run, PartId = new("p_1"), Kind = PartKind.Text, Text = "Let me look." },
            Executing("call_1"), Completed("call_1", result: "\"noon\""), Executing("call_2"), Completed("call_2", error: "No."), Executing("call_3"), Completed("call_3"),
            new AgentCompleted { RunId = Run, MessageId = new("m"), Content = "It is noon.", DurationMs = 1 });

        Shown().Should().Equal(
            "user:hello", "assistant:Let me look.+call 1 clock", "tool:result 1 \"noon\"", "assistant:call 2 clock", "tool:result 2 {\"error\":\"No.\"}",
            "assistant:call 3 clock", "tool:result 3 {\"error\":\"The call was abandoned.\"}", "assistant:It is noon.");
    }

    [Fact]
    public void What_a_run_had_said_when_it_was_stopped_or_failed_is_shown()
    {
        Add(new AgentPart { RunId = Run, PartId = new("p_1"), Kind = PartKind.Text, Text = "One, " }, new AgentStopped { RunId = Run, MessageId = new("m"), Content = "half", Reason = StopReason.User });
        Shown().Should().Equal("user:hello", "assistant:One, half");

        var failed = new ChatTurn(Message("hello", 1));
        failed.Add(new AgentFailed { RunId = Run, Code = RunFailure.Timeout, Message = "late", Retryable = true });
        Shown(failed).Should().Equal("user:hello");
        failed.Add(new AgentFailed { RunId = Run, Code = RunFailure.Timeout, Message = "late", Retryable = true, Content = "some" });
        Shown(failed).Should().Equal("user:hello", "assistant:some");
    }

    [Fact]
    public void Without_a_record_calls_that_were_asked_for_or_begun_together_are_of_one_message_and_none_is_shown_twice()
    {
        Add(Required("call_1"), Required("call_2"), Executing("call_2"), Completed("call_2", result: "1"), Executing("call_1"), Completed("call_1", result: "2"), Required("call_3"), Executing("call_4"));

        Shown().Should().Equal("user:hello", "assistant:call 1 clock+call 2 clock", "tool:result 1 2+result 2 1", "assistant:call 3 clock+call 4 clock");
    }

    [Fact]
    [Trait("failure", "M2")]
    public void With_its_record_an_answer_is_shown_as_it_came_to_its_model_and_to_no_other()
    {
        var signed = new Dictionary<string, JsonElement> { ["extra_content"] = JsonElement.Parse("""{"signature":"s1"}""") };
        var record = new StepRecord("model",
        [
            new StepPiece { Kind = StepPieceKind.Thinking, Length = 2, Protected = "p" },
            new StepPiece { Kind = StepPieceKind.Text, Length = 4 },
            new StepPiece { Kind = StepPieceKind.Thinking, Length = 1, Data = signed },
            new StepPiece { Kind = StepPieceKind.Call, Call = "call_1", Id = "abc123456", Tool = "clock", Arguments = JsonElement.Parse("""{"to":"noon"}"""), Data = signed },
            new StepPiece { Kind = StepPieceKind.Call, Call = "call_2", Id = "abc123457", Tool = "other", Arguments = JsonElement.Parse("{}") },
        ]);
        record = StepRecord.Decode(record.Encode());
        _exchange.Add(new AgentPart { RunId = Run, PartId = new("p_0"), Kind = PartKind.Thinking, Text = "hm" });
        Add(new AgentPart { RunId = Run, PartId = new("p_1"), Kind = PartKind.Text, Text = "Look" });
        _exchange.Add(new AgentPart { RunId = Run, PartId = new("p_2"), Kind = PartKind.Thinking, Text = "!" }, record);
        Add(Executing("call_1"), Completed("call_1", result: "1"));

        var own = _exchange.Messages;
        var other = ModelConversation.Of(own, "another", hasTools: true);

        Shown().Should().Equal("user:hello", "assistant:TextReasoningContent+Look+TextReasoningContent+call abc123456 clock+call abc123457 other", "tool:result abc123456 1");
        var thoughts = own[1].Contents.OfType<Microsoft.Extensions.AI.TextReasoningContent>().ToList();
        thoughts.Select(thought => (thought.Text, thought.ProtectedData)).Should().Equal(("hm", "p"), ("!", null));
        thoughts[1].AdditionalProperties!["extra_content"].Should().BeOfType<JsonElement>().Which.GetRawText().Should().Contain("s1");
        other[1].Contents.Should().HaveCount(3);
        var calls = other[1].Contents.OfType<Microsoft.Extensions.AI.FunctionCallContent>().ToList();
        calls.Select(call => call.CallId).Should().OnlyHaveUniqueItems().And.OnlyContain(id => System.Text.RegularExpressions.Regex.IsMatch(id, "^[a-z0-9]{9}$"));
        calls.Should().OnlyContain(call => call.AdditionalProperties == null);
        other[2].Contents.OfType<Microsoft.Extensions.AI.FunctionResultContent>().Select(result => result.CallId).Should().Equal(calls.Select(call => call.CallId));
        ModelConversation.Of(own, "model", hasTools: false)[1].Contents.Should().BeEquivalentTo(own[1].Contents, "they are its own");
        ModelConversation.Of(own, "another", hasTools: false).Select(message => message.Role.Value).Should().Equal(["user", "assistant"], "it has no tools, and may refuse calls");
    }

    [Fact]
    [Trait("failure", "M2")]
    public void An_answer_that_was_cut_short_is_shown_with_what_was_kept_until_then()
    {
        var record = new StepRecord("model", [new StepPiece { Kind = StepPieceKind.Thinking, Length = 1, Data = new() { ["thinking_member"] = JsonElement.Parse("\"reasoning\"") } }]);
        _exchange.Add(new AgentPart { RunId = Run, PartId = new("p_0"), Kind = PartKind.Thinking, Text = "hmmm" }, record);
        Add(new AgentFailed { RunId = Run, Code = RunFailure.Interrupted, Message = "gone", Retryable = true, Content = "Half" });

        Shown().Should().Equal("user:hello", "assistant:TextReasoningContent+Half");
        ((Microsoft.Extensions.AI.TextReasoningContent)_exchange.Messages[1].Contents[0]).Text.Should().Be("hmmm");
    }

    [Fact]
    public void A_message_that_entered_is_shown_until_it_is_replaced_and_then_nothing_that_came_after()
    {
        _exchange.Take(Message("and one", 2));
        Add(Executing("call_1"));
        _exchange.Take(Message("and two", 4));
        Add(Completed("call_1", result: "1"));
        Shown().Should().Equal("user:hello", "user:and one", "assistant:call 1 clock", "tool:result 1 1", "user:and two");

        _exchange.Rewind(4);
        Shown().Should().HaveCount(5, "it lies before what was replaced");
        _exchange.Rewind(3);
        Shown().Should().Equal("user:hello", "user:and one", "assistant:call 1 clock", "tool:result 1 1");
        _exchange.Take(Message("and three", 6));
        Add(new AgentCompleted { RunId = Run, MessageId = new("m"), Content = "Fine.", DurationMs = 1 });
        Shown().Should().HaveCount(4, "all that follows was said knowing it");
        _exchange.Rewind(1);
        Shown().Should().Equal("user:hello");
    }

    [Fact]
    public void What_it_holds_is_what_was_added()
    {
        (_exchange.Bytes, _exchange.Id, _exchange.Seq).Should().Be((Overhead + 10, new MessageId("hello"), 1));
        ChatTurn.BytesOf(Message("abc", 1)).Should().Be(Overhead + 6);

        Held(() => Add(Executing("call_1"))).Should().Be(Overhead + 13);
        Held(() => Add(Executing("call_1"))).Should().Be(0);
        Held(() => Add(Completed("call_1", result: "\"noon\""))).Should().Be(Overhead + 6);
        Held(() => Add(Completed("call_2", error: "No."))).Should().Be(0, "there is no such call");
        Held(() => Add(new AgentCompleted { RunId = Run, MessageId = new("m"), Content = "Fine.", DurationMs = 1 })).Should().Be(Overhead + 10);
        Held(() => _exchange.Take(Message("and", 2))).Should().Be(Overhead + 6);
        Held(() => _exchange.Add(new AgentPart { RunId = Run, PartId = new("p"), Kind = PartKind.Text, Text = "abc" }, new StepRecord("model", [new StepPiece { Protected = "four" }])))
            .Should().Be(Overhead + 6 + Overhead + 4);
    }

    private long Held(Action add)
    {
        var before = _exchange.Bytes;
        add();
        return _exchange.Bytes - before;
    }

    private void Add(params RunEvent[] events)
    {
        foreach (var threadEvent in events)
        {
            _exchange.Add(threadEvent);
        }
    }

    private List<string> Shown() => Shown(_exchange);

    /// <summary>The ids of calls of other models in short, by the order in which they come.</summary>
    private static List<string> Shown(ChatTurn exchange)
    {
        var shown = exchange.Messages.Select(message => $"{message.Role}:{string.Join('+', message.Contents.Select(PlayedModel.TextOf))}");
        return [.. shown.Select(line => Enumerable.Range(1, 4).Aggregate(line, (text, call) => text.Replace(CallIds.ForAnyModel(new($"call_{call}")), $"{call}", StringComparison.Ordinal)))];
    }

    private static UserMessage Message(string text, long seq) => new() { MessageId = new(text), Content = text, ClientId = new("c"), Seq = seq };

    private static ToolExecuting Executing(string call) => new() { RunId = Run, CallId = new(call), Tool = "clock", Arguments = JsonElement.Parse("""{"to":"noon"}""") };

    private static ApprovalRequired Required(string call) =>
        new() { RunId = Run, CallId = new(call), Tool = "clock", Arguments = JsonElement.Parse("{}"), ArgumentsDigest = "", ExpiresAt = default };

    private static ToolCompleted Completed(string call, string? result = null, string? error = null) => new()
    {
        RunId = Run, CallId = new(call), Tool = "clock", Outcome = ToolOutcome.Succeeded, Result = result is null ? null : JsonElement.Parse(result), Error = error, DurationMs = 1,
    };
}
