using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads.Publishing;

/// <summary>
/// What of a thread is live: its last events, the part in flight and the nodes that follow. One lock makes
/// snapshot and subscription one step: what is in the snapshot is not published to the subscriber, all else is.
/// </summary>
internal sealed class ThreadPublisher(ThreadId thread, TimeProvider clock, ILogger logger)
{
    /// <summary>A node that has not renewed for this long is gone; it renews three times as often.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    private readonly Lock _lock = new();
    private readonly RecentEvents _recent = new();
    private NodePublisher[] _nodes = []; // replaced as a whole, so that it can be gone through outside of the lock
    private StreamingPart? _part;
    private RunId? _activeRun;
    private long _head;

    public ThreadSnapshot Subscribe(UserId owner, long afterSeq, INodeObserver node)
    {
        lock (_lock)
        {
            _nodes = [.. _nodes.Where(known => !known.IsDead && clock.GetElapsedTime(known.RenewedAt) <= Lease)];
            var publisher = Array.Find(_nodes, known => known.Node.Equals(node));
            if (publisher is null)
            {
                _nodes = [.. _nodes, publisher = new NodePublisher(thread, node, logger)];
            }

            publisher.RenewedAt = clock.GetTimestamp();
            return new ThreadSnapshot(owner, _head, _recent.After(afterSeq), _part?.From(0));
        }
    }

    public void Unsubscribe(INodeObserver node)
    {
        lock (_lock)
        {
            _nodes = [.. _nodes.Where(known => !known.Node.Equals(node))];
        }
    }

    public bool IsFollowed
    {
        get
        {
            lock (_lock)
            {
                return _nodes.Length > 0;
            }
        }
    }

    /// <summary>The last events that come after a place, as far back as they are here.</summary>
    public EncodedEvent[] Recent(long afterSeq)
    {
        lock (_lock)
        {
            return _recent.After(afterSeq);
        }
    }

    /// <summary>Forgets what was live: another writer may have gone on since.</summary>
    public void Reset(long head)
    {
        lock (_lock)
        {
            _head = head;
            _recent.Clear();
            _part = null;
        }
    }

    public void Publish(ReadOnlySpan<EncodedEvent> events)
    {
        var items = new PublishedItem[events.Length];
        NodePublisher[] nodes;
        lock (_lock)
        {
            for (var i = 0; i < events.Length; i++)
            {
                _head = events[i].Seq;
                _recent.Add(events[i]);
                if (events[i].EndsPart)
                {
                    _part = null;
                }

                items[i] = new PublishedItem(events[i], null, 0);
            }

            nodes = Add(items);
        }

        Flush(nodes);
    }

    /// <summary>From here on only this run is listened to.</summary>
    public void AcceptOutputFrom(RunId run)
    {
        lock (_lock)
        {
            _activeRun = run;
        }
    }

    /// <summary>The run ends: what it still says is not taken.</summary>
    public void RejectOutput()
    {
        lock (_lock)
        {
            _activeRun = null;
        }
    }

    /// <summary>Text of the run's part; begins one where none is in flight.</summary>
    /// <returns>False when the run is not listened to any more.</returns>
    public bool PublishText(RunId run, PartKind kind, string text)
    {
        NodePublisher[] nodes;
        lock (_lock)
        {
            if (_activeRun != run)
            {
                return false;
            }

            _part ??= new StreamingPart(run, PartId.New(), kind);
            nodes = Add([new PublishedItem(default, _part.Append(text), _head)]);
        }

        Flush(nodes);
        return true;
    }

    /// <summary>How far a call of the run is. Nothing when the run is not listened to any more.</summary>
    /// <param name="run">The run that is open; the call may be of one that is nested in it.</param>
    public void PublishProgress(RunId run, CallId call, Func<ThreadId, ToolProgress> frame)
    {
        var report = new ProgressReport(call, WireJson.Encode((ServerFrame)frame(thread)));
        NodePublisher[] nodes;
        lock (_lock)
        {
            if (_activeRun != run)
            {
                return;
            }

            nodes = Add([new PublishedItem(default, null, _head, report)]);
        }

        Flush(nodes);
    }

    /// <summary>The part in flight from a position on; null when there is none.</summary>
    public PartText? PartFrom(int position)
    {
        lock (_lock)
        {
            return _part?.From(position);
        }
    }

    /// <summary>The writer gives up: tells every follower to look for the next one.</summary>
    public Task MoveAsync() => Task.WhenAll(TakeNodes().Select(node => node.EndAsync(isDeleted: false)));

    /// <summary>The thread is deleted: tells every follower, after all that was published.</summary>
    public Task DeletedAsync() => Task.WhenAll(TakeNodes().Select(node => node.EndAsync(isDeleted: true)));

    private NodePublisher[] TakeNodes()
    {
        lock (_lock)
        {
            var nodes = _nodes;
            _nodes = [];
            return nodes;
        }
    }

    /// <summary>In the lock, so that every node gets everything in one order.</summary>
    private NodePublisher[] Add(PublishedItem[] items)
    {
        foreach (var node in _nodes)
        {
            node.Add(items);
        }

        return _nodes;
    }

    /// <summary>Not in the lock: what is published to this node goes on to the sockets of those who follow here.</summary>
    private static void Flush(NodePublisher[] nodes)
    {
        foreach (var node in nodes)
        {
            node.Flush();
        }
    }
}
