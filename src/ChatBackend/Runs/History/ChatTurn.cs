using System.Runtime.InteropServices;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>A message and what its run said and did.</summary>
internal sealed class ChatTurn(UserMessage question)
{
    private const int Overhead = 300; // of a message and its content, beside the text

    private readonly List<Entry> _entries = [new(new QuestionMessage(question), null)];
    private readonly HashSet<CallId> _calls = [];
    private readonly List<(long Seq, int At)> _taken = [];
    private List<ChatMessage>? _messages;
    private bool _isCut;

    public MessageId Id => question.MessageId;

    public long Seq => question.Seq;

    public long Bytes { get; private set; } = BytesOf(question);

    /// <summary>What a message holds in memory, roughly.</summary>
    public static long BytesOf(UserMessage message) => Overhead + BytesOf(message.Content);

    /// <summary>The message and what followed. Runs share them: they are never changed.</summary>
    public IReadOnlyList<ChatMessage> Messages =>
        _messages ??= [.. _entries.SelectMany(entry => entry.Message is { } message ? [message] : entry.Step!.Messages())];

    /// <summary>Another message that entered the run.</summary>
    public void Take(UserMessage message)
    {
        if (!_isCut)
        {
            _taken.Add((message.Seq, _entries.Count));
            _entries.Add(new Entry(Turn.MessageEntering(message.Content), null));
            Grow(BytesOf(message.Content));
        }
    }

    /// <summary>A message that was replaced entered the run: what comes from here on was said knowing it.</summary>
    public void Cut() => _isCut = true;

    /// <summary>Cuts off a message that entered the run and was replaced, and what came after it.</summary>
    public void Rewind(long toSeq)
    {
        var first = _taken.FindIndex(taken => taken.Seq > toSeq);
        if (first >= 0)
        {
            _entries.RemoveRange(_taken[first].At, _entries.Count - _taken[first].At);
            _taken.RemoveRange(first, _taken.Count - first);
            (_isCut, _messages) = (true, null);
        }
    }

    /// <param name="record">What is kept of the answer that the event begins, or is of; null when nothing is.</param>
    public void Add(RunEvent threadEvent, StepRecord? record = null)
    {
        if (_isCut)
        {
            return;
        }

        switch (threadEvent)
        {
            case AgentPart part:
                Say(part.Kind, part.Text, record);
                break;
            case ApprovalRequired asked:
                Call(asked.CallId, asked.Tool, asked.Arguments, record);
                break;
            case ToolExecuting tool:
                Call(tool.CallId, tool.Tool, tool.Arguments, record);
                break;
            case ToolCompleted tool:
                Returned(tool);
                break;
            case AgentCompleted completed:
                Say(PartKind.Text, completed.Content, record);
                break;
            case AgentStopped stopped:
                Say(PartKind.Text, stopped.Content, record);
                break;
            case AgentFailed failed:
                Say(PartKind.Text, failed.Content ?? "", record);
                break;
        }
    }

    private void Say(PartKind kind, string text, StepRecord? record)
    {
        if (text.Length > 0 || record is not null)
        {
            Current(record).Say(kind, text);
            Grow(BytesOf(text));
        }
    }

    /// <summary>Once, although a call that was approved is recorded twice. Where no record says which calls were of one answer, those that were asked for or made at the same time are.</summary>
    private void Call(CallId id, string tool, JsonElement arguments, StepRecord? record)
    {
        if (!_calls.Add(id))
        {
            return;
        }

        var step = Find(id) ?? (record is null && _entries[^1].Step is { HasEnded: false } last ? last : Current(record));
        step.Begin(id, tool, arguments);
        Grow(JsonMarshal.GetRawUtf8Value(arguments).Length);
    }

    private void Returned(ToolCompleted completed)
    {
        if (Find(completed.CallId) is { } step)
        {
            step.End(completed);
            Grow(completed.Result is { } result ? JsonMarshal.GetRawUtf8Value(result).Length : BytesOf(completed.Error ?? ""));
        }
    }

    private ChatStep? Find(CallId call) => _entries.FindLast(entry => entry.Step?.Knows(call) is true)?.Step;

    /// <summary>The answer that goes on, or another one.</summary>
    private ChatStep Current(StepRecord? record)
    {
        if (_entries[^1].Step is not { HasBegun: false } step)
        {
            step = new ChatStep();
            _entries.Add(new Entry(null, step));
        }

        if (record is not null)
        {
            step.Keep(record);
            Bytes += record.Pieces.Sum(piece => Overhead + (long)(piece.Protected?.Length ?? 0));
        }

        return step;
    }

    private void Grow(long bytes)
    {
        Bytes += bytes + Overhead;
        _messages = null;
    }

    private static long BytesOf(string text) => sizeof(char) * (long)text.Length;

    /// <summary>A message of the user, or an answer.</summary>
    private sealed record Entry(ChatMessage? Message, ChatStep? Step);
}
