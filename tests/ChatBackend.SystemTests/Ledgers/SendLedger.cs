using System.Collections.Concurrent;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Ledgers;

/// <summary>Every message that one user sent under an id of its own, and what it was answered, on whichever connection and however often; and the decisions that were acknowledged.</summary>
internal sealed class SendLedger(Action<string> broken)
{
    private readonly ConcurrentDictionary<ClientFrameId, Send> _sends = new();
    private readonly ConcurrentDictionary<(ThreadId Thread, long Seq), (CallId Call, ApprovalDecision Decision)> _decided = new();

    public int Ids => _sends.Count;

    public int Acknowledged => _sends.Values.Count(send => send.Ack is not null);

    public int Decisions => _decided.Count;

    /// <summary>Every thread that an ack named.</summary>
    public IEnumerable<ThreadId> Threads => _sends.Values.Select(send => send.Ack?.ThreadId).OfType<ThreadId>().Distinct();

    /// <summary>A device begins to send it, over as many sockets as it takes.</summary>
    public void Sending(ChatFrame frame)
    {
        var send = _sends.GetOrAdd(frame.Id, _ => new Send(frame));
        lock (send)
        {
            send.Attempts++;
        }
    }

    public void Take(Ack ack)
    {
        if (!_sends.TryGetValue(ack.Id, out var send))
        {
            return; // not a message
        }

        lock (send)
        {
            var said = ack with { Status = AckStatus.Duplicate };
            send.Accepted += ack.Status == AckStatus.Accepted ? 1 : 0;
            Promise(ack is { ThreadId: not null, Seq: > 0, MessageId: not null }, $"ack of message {ack.Id} lacks members: {ack}");
            Promise(send.Ack is null || send.Ack == said, $"acks of message {ack.Id} differ: {send.Ack} and {said}");
            Promise(send.Accepted <= 1, $"message {ack.Id} was accepted twice");
            send.Ack = said;
        }
    }

    /// <summary>An attempt was refused for good: it had no effect. Another one of the same message may have had.</summary>
    public void Refused(ClientFrameId id)
    {
        if (_sends.TryGetValue(id, out var send))
        {
            lock (send)
            {
                send.Refusals++;
            }
        }
    }

    /// <summary>A decision was acknowledged: it is the one that won.</summary>
    public void Decided(DecideFrame frame, Ack ack) =>
        Promise(
            ack.Seq is { } seq && _decided.GetOrAdd((frame.ThreadId, seq), (frame.CallId, frame.Decision)) == (frame.CallId, frame.Decision),
            $"the ack of the decision on {frame.CallId} names event {ack.Seq}, which is another one");

    /// <summary>Holds the log against what was sent. For every thread once, then <see cref="Finish"/>.</summary>
    public void Check(ThreadLedger log)
    {
        foreach (var (seq, decided) in log.Decisions)
        {
            Promise(!_decided.TryRemove((log.Thread, seq), out var acknowledged) || acknowledged == decided, $"{log.Thread}: event {seq} decides otherwise than acknowledged");
        }

        foreach (var message in log.Messages)
        {
            var (threadEvent, id) = (message.Message, message.Message.ClientId);
            if (!_sends.TryGetValue(id, out var send))
            {
                broken($"{log.Thread}: nobody sent message {id}");
                continue;
            }

            Promise(!send.IsInLog, $"message {id} has two effects");
            send.IsInLog = true;
            Promise(threadEvent.Content == send.Frame.Content && threadEvent.Replaces == send.Frame.Replaces, $"message {id} is not in the log as it was sent");
            Promise(send.Frame.ThreadId is not { } asked || asked == log.Thread, $"message {id} is in {log.Thread}, not in {send.Frame.ThreadId}");
            Promise(send.Refusals < send.Attempts, $"message {id} was refused and is in the log");
            if (send.Ack is { } ack)
            {
                Promise(
                    ack.ThreadId == log.Thread && ack.Seq == threadEvent.Seq && ack.MessageId == threadEvent.MessageId,
                    $"message {id} is event {threadEvent.Seq} of {log.Thread}, {threadEvent.MessageId}; its ack said {ack}");
                Promise(
                    ack.RunId is not { } run || log.RunOf(run)?.Started.MessageId == threadEvent.MessageId,
                    $"message {id} is not answered by {ack.RunId}, as its ack said");
            }
        }
    }

    public void Finish()
    {
        Promise(_decided.IsEmpty, $"decisions are lost: {string.Join(' ', _decided)}");
        foreach (var (id, send) in _sends)
        {
            Promise(send.Ack is null || send.IsInLog, $"message {id} is lost, its ack said {send.Ack}");
        }
    }

    private void Promise(bool isKept, string what)
    {
        if (!isKept)
        {
            broken(what);
        }
    }

    private sealed class Send(ChatFrame frame)
    {
        public ChatFrame Frame => frame;

        public Ack? Ack { get; set; }

        public int Accepted { get; set; }

        public int Attempts { get; set; }

        public int Refusals { get; set; }

        public bool IsInLog { get; set; }
    }
}
