using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Ledgers;

/// <summary>
/// What one client was sent of one thread, from the cursor it followed with, over all its sockets: every event once and in order,
/// text at its place, and what became durable of it. Knows nothing of what the events mean. Guarded by its owner.
/// </summary>
internal sealed class FollowerLedger(ThreadId thread, long cursor, Action<string> broken)
{
    private readonly StringBuilder _said = new();
    private PartDelta? _part;
    private RunId? _saidMore;

    public ThreadId Thread => thread;

    /// <summary>The last <c>seq</c>, for the next <c>follow</c>.</summary>
    public long Cursor { get; private set; } = cursor;

    /// <summary>What it has of the part in flight, for the next <c>follow</c>.</summary>
    public IReadOnlyList<PartPosition> Positions => _part is { } part && _said.Length > 0 ? [new PartPosition { PartId = part.PartId, Length = _said.Length }] : [];

    /// <summary>How many texts were seen whole before they became durable.</summary>
    public int WholeTexts { get; private set; }

    public void Take(CaughtUp caughtUp) =>
        Promise(caughtUp.Seq == Cursor, caughtUp, "is told");

    public void Take(PartDelta delta)
    {
        if (_part?.PartId != delta.PartId)
        {
            _said.Clear();
        }

        _part = delta;
        Promise(delta.Offset == _said.Length, delta, $"comes after {_said.Length} characters");
        // One that is missing text is told of once: what follows is held against where this one ends.
        _said.Length = Math.Min(delta.Offset, _said.Length);
        _said.Append('\0', delta.Offset - _said.Length).Append(delta.Text);
    }

    public void Take(ThreadEvent threadEvent)
    {
        Promise(threadEvent.Seq == Cursor + 1, threadEvent, "comes");
        Cursor = Math.Max(Cursor, threadEvent.Seq);
        switch (threadEvent)
        {
            case AgentPart part:
                Settle(part, part.PartId, part.Text);
                break;
            case AgentCompleted completed:
                End(completed, completed.PartId, completed.Content);
                break;
            case AgentStopped stopped:
                End(stopped, stopped.PartId, stopped.Content);
                break;
            case AgentFailed failed:
                End(failed, failed.PartId, failed.Content ?? "");
                break;
        }
    }

    private void End(RunEvent end, PartId? part, string content)
    {
        if (part is { } last)
        {
            Settle(end, last, content);
        }
        else if (_part?.RunId == end.RunId)
        {
            _saidMore = end.RunId; // said, and nothing of it is durable
            _part = null;
            _said.Clear();
        }

        // A server that died had said what it had not saved yet.
        Promise(_saidMore != end.RunId || end is AgentFailed { Code: RunFailure.Interrupted }, end, "lacks text that was said");
    }

    private void Settle(RunEvent threadEvent, PartId part, string text)
    {
        if (_part?.PartId != part)
        {
            return;
        }

        var said = _said.ToString();
        if (!text.StartsWith(said, StringComparison.Ordinal))
        {
            Promise(said.StartsWith(text, StringComparison.Ordinal), threadEvent, $"has another text than the {said.Length} characters that were said");
            _saidMore = threadEvent.RunId;
        }

        WholeTexts += text.Length == said.Length ? 1 : 0;
        _part = null;
        _said.Clear();
    }

    private void Promise(bool isKept, ServerFrame frame, string how)
    {
        if (!isKept)
        {
            var place = (frame as ThreadEvent)?.Seq ?? (frame as CaughtUp)?.Seq ?? (frame as PartDelta)?.Offset;
            broken($"{thread}: {frame.GetType().Name} {place} {how}, after event {Cursor}");
        }
    }
}
