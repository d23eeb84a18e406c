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
            "user:hello", "assistant:Let me look.", "assistant:call call_1 clock", "tool:result call_1 \"noon\"", "assistant:call call_2 clock", "tool:result call_2 \"No.\"",
            "assistant:call call_3 clock", "tool:result call_3 \"The call was abandoned.\"", "assistant:It is noon.");
    }

    [Fact]
    public void What_a_run_had_said_when_it_was_stopped_or_failed_is_shown()
    {
        Add(
            new AgentStopped { RunId = Run, MessageId = new("m"), Content = "half", Reason = StopReason.User },
            new AgentFailed { RunId = Run, Code = RunFailure.Timeout, Message = "late", Retryable = true, Content = "some" },
            new AgentFailed { RunId = Run, Code = RunFailure.Timeout, Message = "late", Retryable = true },
            new AgentStopped { RunId = Run, MessageId = new("m"), Content = "", Reason = StopReason.User });

        Shown().Should().Equal("user:hello", "assistant:half", "assistant:some");
    }

    [Fact]
    public void Calls_that_were_asked_for_or_begun_together_are_of_one_message_and_none_is_shown_twice()
    {
        Add(Required("call_1"), Required("call_2"), Executing("call_2"), Completed("call_2", result: "1"), Executing("call_1"), Completed("call_1", result: "2"), Required("call_3"), Executing("call_4"));

        Shown().Should().Equal(
            "user:hello", "assistant:call call_1 clock+call call_2 clock", "tool:result call_2 1", "tool:result call_1 2", "assistant:call call_3 clock+call call_4 clock");
    }

    [Fact]
    public void A_call_that_is_asked_for_after_text_is_a_message_of_its_own()
    {
        Add(new AgentPart { RunId = Run, PartId = new("p_1"), Kind = PartKind.Text, Text = "Let me ask." }, Required("call_1"));

        Shown().Should().Equal("user:hello", "assistant:Let me ask.", "assistant:call call_1 clock");
    }

    [Fact]
    public void A_message_that_entered_is_shown_until_it_is_replaced_and_then_nothing_that_came_after()
    {
        _exchange.Take(Message("and one", 2));
        Add(Executing("call_1"));
        _exchange.Take(Message("and two", 4));
        Add(Completed("call_1", result: "1"));
        Shown().Should().Equal("user:hello", "user:and one", "assistant:call call_1 clock", "user:and two", "tool:result call_1 1");

        _exchange.Rewind(4);
        Shown().Should().HaveCount(5, "it lies before what was replaced");
        _exchange.Rewind(3);
        Shown().Should().Equal("user:hello", "user:and one", "assistant:call call_1 clock");
        _exchange.Take(Message("and three", 6));
        Add(Completed("call_1", result: "1"), new AgentCompleted { RunId = Run, MessageId = new("m"), Content = "Fine.", DurationMs = 1 });
        Shown().Should().HaveCount(3, "all that follows was said knowing it");
        _exchange.Rewind(1);
        Shown().Should().Equal("user:hello");
    }

    [Fact]
    public void What_it_holds_is_what_was_added()
    {
        (_exchange.Bytes, _exchange.Id, _exchange.Seq).Should().Be((Overhead + 10, new MessageId("hello"), 1));
        ChatTurn.BytesOf(Message("abc", 1)).Should().Be(Overhead + 6);
        var (call, result, error, abandoned) = (Overhead + 13, Overhead + 6, Overhead + 6, Overhead + (2 * "The call was abandoned.".Length));

        Held(() => Add(Executing("call_1"))).Should().Be(call);
        Held(() => Add(Executing("call_1"))).Should().Be(0);
        Held(() => Add(Completed("call_1", result: "\"noon\""))).Should().Be(result);
        Held(() => Add(Completed("call_2", error: "No."))).Should().Be(error);
        Held(() => Add(Completed("call_3"))).Should().Be(abandoned);
        Held(() => Add(new AgentCompleted { RunId = Run, MessageId = new("m"), Content = "Fine.", DurationMs = 1 })).Should().Be(Overhead + 10);
        Held(() => _exchange.Take(Message("and", 2))).Should().Be(Overhead + 6);
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

    private List<string> Shown() => [.. _exchange.Messages.Select(message => $"{message.Role}:{string.Join('+', message.Contents.Select(PlayedModel.TextOf))}")];

    private static UserMessage Message(string text, long seq) => new() { MessageId = new(text), Content = text, ClientId = new("c"), Seq = seq };

    private static ToolExecuting Executing(string call) => new() { RunId = Run, CallId = new(call), Tool = "clock", Arguments = JsonElement.Parse("""{"to":"noon"}""") };

    private static ApprovalRequired Required(string call) =>
        new() { RunId = Run, CallId = new(call), Tool = "clock", Arguments = JsonElement.Parse("{}"), ArgumentsDigest = "", ExpiresAt = default };

    private static ToolCompleted Completed(string call, string? result = null, string? error = null) => new()
    {
        RunId = Run, CallId = new(call), Tool = "clock", Outcome = ToolOutcome.Succeeded, Result = result is null ? null : JsonElement.Parse(result), Error = error, DurationMs = 1,
    };
}
