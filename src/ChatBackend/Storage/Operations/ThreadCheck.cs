using System.IO.Hashing;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Storage.Sqlite;

namespace ChatBackend.Storage;

/// <summary>A thread's events in order: no gap, the head is the last, each can be read, and each run ends once.</summary>
internal sealed class ThreadCheck(long key, string id, long head, long historyBegins, bool isOpen)
{
    private readonly Dictionary<string, (long Seq, long Bytes)> _results = [];
    private readonly HashSet<string> _open = [];
    private readonly HashSet<string> _ended = [];
    private readonly Dictionary<MessageId, long> _messages = [];
    private readonly HashSet<MessageId> _removed = [];
    private readonly ActivePath _path = new();
    private long _last = historyBegins - 1;

    public long Key => key;

    public string Id => id;

    public long Head => head;

    public long HistoryBegins => historyBegins;

    /// <summary>The whole results that its events name, by their calls.</summary>
    public IReadOnlyDictionary<string, (long Seq, long Bytes)> Results => _results;

    /// <summary>Where the user's messages stand, and whether they count: those do that are on the active path and were not taken back.</summary>
    public IEnumerable<(long Seq, bool Counts)> Messages => _messages.Select(message => (message.Value, _path.Contains(message.Value) && !_removed.Contains(message.Key)));

    public void Add(long seq, byte[] stored, long? checksum, List<string> findings)
    {
        if (seq >= historyBegins)
        {
            if (seq != _last + 1)
            {
                findings.Add($"{id}: events {_last + 1} to {seq - 1} are missing");
            }

            _last = seq;
        }

        if (checksum is { } expected && expected != Crc32.HashToUInt32(stored))
        {
            findings.Add($"{id}: event {seq} is not what was written (checksum)");
        }

        try
        {
            Follow(WireJson.DecodeServerFrame(EventBytes.Decompress(stored)) as ThreadEvent, seq, findings);
        }
        catch (JsonException ex)
        {
            findings.Add($"{id}: event {seq} cannot be read: {ex.Message}");
        }
    }

    public void Finish(List<string> findings)
    {
        if (_last != head)
        {
            findings.Add(_last < head ? $"{id}: events {_last + 1} to {head} are missing" : $"{id}: its head is {head}, its last event {_last}");
        }

        if (!isOpen)
        {
            findings.AddRange(_open.Select(run => $"{id}: {run} has no end"));
        }
    }

    private void Follow(ThreadEvent? threadEvent, long seq, List<string> findings)
    {
        if (threadEvent is null || threadEvent.Seq != seq)
        {
            findings.Add($"{id}: event {seq} says that it is {(threadEvent is null ? "none" : threadEvent.Seq)}");
            return;
        }

        _path.Apply(threadEvent);
        switch (threadEvent)
        {
            case UserMessage message when seq >= historyBegins:
                _messages[message.MessageId] = seq;
                break;
            case MessageRemoved removed:
                _removed.Add(removed.MessageId);
                break;
            case BranchSelected branch when !IsInOrder(branch):
                findings.Add($"{id}: event {seq} restores messages that do not lie in order between {branch.ToSeq} and itself");
                break;
            case ToolCompleted { ResultBytes: { } bytes } completed when seq >= historyBegins:
                _results[completed.CallId.Value] = (seq, bytes);
                break;
            case AgentStarted started:
                _open.Add(started.RunId.Value);
                break;
            case AgentCompleted { RunId: var run }:
                End(run.Value, seq, findings);
                break;
            case AgentStopped { RunId: var run }:
                End(run.Value, seq, findings);
                break;
            case AgentFailed { RunId: var run }:
                End(run.Value, seq, findings);
                break;
        }
    }

    private static bool IsInOrder(BranchSelected branch)
    {
        var after = branch.ToSeq;
        foreach (var span in branch.Restored)
        {
            if (span.AfterSeq < after || span.BeforeSeq <= span.AfterSeq || span.BeforeSeq > branch.Seq)
            {
                return false;
            }

            after = span.BeforeSeq - 1;
        }

        return branch.ToSeq < branch.Seq;
    }

    private void End(string run, long seq, List<string> findings)
    {
        _open.Remove(run);
        if (!_ended.Add(run))
        {
            findings.Add($"{id}: {run} ends a second time with event {seq}");
        }
    }
}
