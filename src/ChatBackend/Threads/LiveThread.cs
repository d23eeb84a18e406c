using ChatBackend.Protocol;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// What of a thread is live: its last events, the part in flight and the nodes that follow. One lock makes
/// snapshot and subscription one step: what is in the snapshot is not published to the subscriber, all else is.
/// </summary>
internal sealed class LiveThread(ThreadId thread, TimeProvider clock, ILogger logger)
{
    /// <summary>A node that has not renewed for this long is gone; it renews three times as often.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    private readonly Lock _lock = new();
    private readonly RecentEvents _recent = new();
    private readonly List<NodePublisher> _nodes = [];
    private PartInFlight? _part;
    private RunId? _speaker;
    private long _head;

    public ThreadSnapshot Subscribe(UserId owner, long afterSeq, INodeObserver node)
    {
        lock (_lock)
        {
            _nodes.RemoveAll(known => known.IsDead || clock.GetElapsedTime(known.RenewedAt) > Lease);
            var publisher = _nodes.Find(known => known.Node.Equals(node));
            if (publisher is null)
            {
                _nodes.Add(publisher = new NodePublisher(thread, node, logger));
            }

            publisher.RenewedAt = clock.GetTimestamp();
            return new ThreadSnapshot(owner, _head, _recent.After(afterSeq), _part?.From(0));
        }
    }

    public void Unsubscribe(INodeObserver node)
    {
        lock (_lock)
        {
            _nodes.RemoveAll(known => known.Node.Equals(node));
        }
    }

    public bool IsFollowed
    {
        get
        {
            lock (_lock)
            {
                return _nodes.Count > 0;
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

            Send(items);
        }
    }

    /// <summary>From here on only this run is listened to.</summary>
    public void Listen(RunId run)
    {
        lock (_lock)
        {
            _speaker = run;
        }
    }

    /// <summary>The run ends: what it still says is not taken.</summary>
    public void Silence()
    {
        lock (_lock)
        {
            _speaker = null;
        }
    }

    /// <summary>Text of the run's part; begins one where none is in flight.</summary>
    /// <returns>False when the run is not listened to any more.</returns>
    public bool Say(RunId run, PartKind kind, string text)
    {
        lock (_lock)
        {
            if (_speaker != run)
            {
                return false;
            }

            _part ??= new PartInFlight(run, PartId.New(), kind);
            Send([new PublishedItem(default, _part.Append(text), _head)]);
            return true;
        }
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
    public Task MoveAsync() => Task.WhenAll(TakeNodes().Select(node => node.MovedAsync()));

    /// <summary>The thread is deleted: tells every follower, after all that was published.</summary>
    public Task DeletedAsync() => Task.WhenAll(TakeNodes().Select(node => node.DeletedAsync()));

    private NodePublisher[] TakeNodes()
    {
        lock (_lock)
        {
            NodePublisher[] nodes = [.. _nodes];
            _nodes.Clear();
            return nodes;
        }
    }

    private void Send(PublishedItem[] items)
    {
        foreach (var node in _nodes)
        {
            node.Add(items);
        }
    }
}
