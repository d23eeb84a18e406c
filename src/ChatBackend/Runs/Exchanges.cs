using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>A thread's events as messages and their answers, in the order of the answers, without what was replaced.</summary>
internal sealed class Exchanges
{
    private readonly Dictionary<MessageId, UserMessage> _messages = [];
    private readonly List<Exchange> _answered = [];

    /// <summary>The exchange whose run is open; null when its message lies before what was added, or was replaced.</summary>
    public Exchange? Current { get; private set; }

    public void Add(ThreadEvent happened)
    {
        switch (happened)
        {
            case UserMessage message:
                _messages[message.MessageId] = message;
                break;
            case ThreadRewound rewound:
                _answered.RemoveAll(exchange => exchange.Seq > rewound.ToSeq);
                _answered.ForEach(exchange => exchange.Rewind(rewound.ToSeq));
                Current = Current?.Seq > rewound.ToSeq ? null : Current;
                break;
            case AgentStarted started:
                Begin(started.MessageId);
                break;
            case MessageSteered steered when _messages.TryGetValue(steered.MessageId, out var taken):
                Current?.Take(taken);
                break;
            case RunEvent ofRun:
                Current?.Add(ofRun);
                break;
        }
    }

    public void Begin(MessageId answers)
    {
        Current = _messages.TryGetValue(answers, out var message) ? new Exchange(message) : null;
        if (Current is not null)
        {
            _answered.Add(Current);
        }
    }

    public List<ChatMessage> Messages() => [.. _answered.SelectMany(exchange => exchange.Messages())];
}

/// <summary>A message and what its run said and did.</summary>
internal sealed class Exchange(UserMessage question)
{
    private readonly List<ChatMessage> _answer = [];
    private readonly HashSet<CallId> _calls = [];
    private readonly List<(long Seq, int At)> _taken = [];
    private bool _isCut;

    public long Seq => question.Seq;

    public IEnumerable<ChatMessage> Messages() => [new ChatMessage(ChatRole.User, question.Content), .. _answer];

    /// <summary>Another message that entered the run.</summary>
    public void Take(UserMessage message)
    {
        if (!_isCut)
        {
            _taken.Add((message.Seq, _answer.Count));
            _answer.Add(Turn.MessageEntering(message.Content));
        }
    }

    /// <summary>Cuts off a message that entered the run and was replaced, and what came after it.</summary>
    public void Rewind(long toSeq)
    {
        var first = _taken.FindIndex(taken => taken.Seq > toSeq);
        if (first >= 0)
        {
            _answer.RemoveRange(_taken[first].At, _answer.Count - _taken[first].At);
            _taken.RemoveRange(first, _taken.Count - first);
            _isCut = true;
        }
    }

    public void Add(RunEvent happened)
    {
        if (_isCut)
        {
            return;
        }

        switch (happened)
        {
            case AgentPart { Kind: PartKind.Text } part:
                Say(part.Text);
                break;
            case ApprovalRequired asked:
                Call(asked.CallId, asked.Tool, asked.Arguments);
                break;
            case ToolExecuting tool:
                Call(tool.CallId, tool.Tool, tool.Arguments);
                break;
            case ToolCompleted tool:
                object? result = tool.Result is { } value ? value : tool.Error ?? "The call was abandoned.";
                _answer.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(tool.CallId.Value, result)]));
                break;
            case AgentCompleted completed:
                Say(completed.Content);
                break;
            case AgentStopped stopped:
                Say(stopped.Content);
                break;
            case AgentFailed { Content: { } content }:
                Say(content);
                break;
        }
    }

    /// <summary>Once, although a call that was approved is recorded twice.</summary>
    private void Call(CallId id, string tool, JsonElement arguments)
    {
        if (_calls.Add(id))
        {
            _answer.Add(new ChatMessage(
                ChatRole.Assistant, [new FunctionCallContent(id.Value, tool, arguments.Deserialize<Dictionary<string, object?>>())]));
        }
    }

    private void Say(string text)
    {
        if (text.Length > 0)
        {
            _answer.Add(new ChatMessage(ChatRole.Assistant, text));
        }
    }
}
