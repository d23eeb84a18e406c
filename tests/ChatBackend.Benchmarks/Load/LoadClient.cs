using System.Net;
using System.Text;

namespace ChatBackend.Benchmarks.Load;

/// <summary>
/// One client: a socket, the dialect its server speaks, and the turn it is in. Checks each turn as it comes: every delta continues the text, and the answer
/// is the text that was asked for. A server that is fast because it loses something has no place in a table.
/// </summary>
internal sealed class LoadClient
{
    private readonly IDialect _dialect;
    private string? _question;
    private Turn? _turn;
    private int _turns;
    private int _said;
    private bool _isReplayed; // what comes is from the log, where there are no deltas

    public LoadClient(LoadLoop loop, IDialect dialect, IPEndPoint server, IPAddress from, string? token = null)
    {
        _dialect = dialect;
        Loop = loop;
        Socket = new LoadSocket(loop, dialect, server, from, token);
        Socket.Message = message => dialect.Take(message, this);
    }

    public LoadLoop Loop { get; }

    public LoadSocket Socket { get; }

    /// <summary>The server has greeted it.</summary>
    public bool IsReady { get; private set; }

    public string? ThreadId { get; private set; }

    /// <summary>The last seq it was sent.</summary>
    public long Seq { get; private set; }

    public bool IsInTurn => _turn is not null;

    public bool HasCaughtUp { get; private set; }

    public string? Failure { get; private set; }

    /// <summary>Events of every thread it follows; text that was put into fewer, longer deltas counts once.</summary>
    public long Received { get; private set; }

    public Action? Ready { get; set; }

    /// <summary>Called with what follows from a turn that ended.</summary>
    public Action<FinishedTurn>? TurnEnded { get; set; }

    /// <summary>Called for every event, whether or not of a turn of its own.</summary>
    public EventTaker? Event { get; set; }

    public delegate void EventTaker(EventKind kind, ReadOnlySpan<byte> json);

    /// <summary>Sends a message; its turn is this client's until the answer is complete.</summary>
    /// <param name="answer">What the agent will say; null where nobody knows.</param>
    public void Chat(string content, string? answer, string? agent = null)
    {
        if (_turn is not null)
        {
            throw new InvalidOperationException("A turn is under way.");
        }

        _turn = new Turn(answer is null ? null : Encoding.ASCII.GetBytes(answer), System.Diagnostics.Stopwatch.GetTimestamp());
        _question = $"{_turns++:x}-{Guid.NewGuid():n}";
        Socket.Send(_dialect.Chat(new ChatRequest(_question, content, ThreadId, agent)));
    }

    public void Follow(string threadId, long afterSeq)
    {
        (ThreadId, Seq, HasCaughtUp, _isReplayed) = (threadId, afterSeq, false, true);
        Socket.Send(_dialect.Follow("f1", threadId, afterSeq));
    }

    public void TakeReady()
    {
        IsReady = true;
        Ready?.Invoke();
    }

    public void Fail(string why) => Failure ??= why;

    public void TakeEvent(ReadOnlySpan<byte> json)
    {
        Received++;
        var kind = EventJson.Kind(json);
        switch (kind)
        {
            case EventKind.ConnectionEstablished:
                TakeReady();
                break;
            case EventKind.Ack:
                ThreadId ??= EventJson.ThreadOf(json);
                break;
            case EventKind.CaughtUp:
                (HasCaughtUp, _isReplayed) = (true, false);
                break;
            case EventKind.Error or EventKind.AgentFailed:
                Fail(Encoding.UTF8.GetString(json));
                break;
            case EventKind.UserMessage:
                TakeSeq(json);
                NoteFirst();
                break;
            case EventKind.ThreadRenamed:
                TakeSeq(json);
                break;
            case EventKind.AgentStarted:
                TakeSeq(json);
                _said = 0;
                break;
            case EventKind.AgentDelta:
                TakeDelta(json);
                break;
            case EventKind.AgentCompleted:
                TakeSeq(json);
                EndTurn(json);
                break;
        }

        Event?.Invoke(kind, json);
    }

    private void TakeSeq(ReadOnlySpan<byte> json)
    {
        var seq = EventJson.Number(json, "\"seq\":"u8);
        if (Seq > 0 && seq != Seq + 1)
        {
            Fail($"seq {seq} came after {Seq}");
        }

        Seq = seq;
    }

    private void NoteFirst()
    {
        if (_turn is { FirstAt: 0 } turn)
        {
            turn.FirstAt = Loop.Now;
        }
    }

    private void TakeDelta(ReadOnlySpan<byte> json)
    {
        var offset = EventJson.Number(json, "\"offset\":"u8);
        var text = EventJson.Text(json, "\"text\":\""u8);
        if (offset != _said || (_turn?.Answer is { } answer && !answer.AsSpan(Math.Min(_said, answer.Length)).StartsWith(text)))
        {
            Fail($"a delta at {offset} came after {_said} characters, or says something else");
        }

        _said += text.Length;
        if (_turn is { } turn)
        {
            turn.Frames++;
        }
    }

    private void EndTurn(ReadOnlySpan<byte> json)
    {
        var content = EventJson.Text(json, "\"content\":\""u8);
        if ((_said != content.Length && !_isReplayed) || (_turn?.Answer is { } answer && !content.SequenceEqual(answer)))
        {
            Fail($"an answer of {content.Length} characters ended after {_said}, or is another one");
        }

        if (_turn is not { } turn)
        {
            return; // another client's turn in a thread that this one follows
        }

        _turn = null;
        TurnEnded?.Invoke(new FinishedTurn(turn.FirstAt - turn.SentAt, Loop.Now - turn.SentAt, turn.Frames));
    }

    private sealed class Turn(byte[]? answer, long sentAt)
    {
        public byte[]? Answer => answer;

        public long SentAt => sentAt;

        public long FirstAt { get; set; }

        public int Frames { get; set; }
    }
}

/// <param name="FirstEvent">From the message to the first event of its thread, in <see cref="System.Diagnostics.Stopwatch"/> ticks.</param>
/// <param name="Whole">From the message to the complete answer.</param>
/// <param name="Deltas">Frames of text.</param>
internal readonly record struct FinishedTurn(long FirstEvent, long Whole, int Deltas);
