using ChatBackend.Protocol;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads;

/// <summary>
/// Publishes one thread to one node: at once when idle, and while a call is in flight the next items gather and go as one.
/// Best effort: a node that misses something sees the gap and reads the log.
/// </summary>
internal sealed partial class NodePublisher(ThreadId thread, INodeObserver node, ILogger logger)
{
    private readonly Lock _lock = new();
    private List<PublishedItem> _waiting = [];
    private Task _sending = Task.CompletedTask;
    private bool _busy;

    public INodeObserver Node => node;

    public long RenewedAt { get; set; }

    /// <summary>A call failed; what follows would only be a gap. The node subscribes anew.</summary>
    public bool IsDead { get; private set; }

    public void Add(PublishedItem item)
    {
        lock (_lock)
        {
            if (IsDead)
            {
                return;
            }

            Gather(item);
            if (!_busy)
            {
                _busy = true;
                _sending = Task.Run(SendAsync);
            }
        }
    }

    public async Task MovedAsync()
    {
        await _sending;
        await CallAsync(new ThreadBatch(thread, [], Moved: true));
    }

    public async Task DeletedAsync()
    {
        await _sending;
        await CallAsync(new ThreadBatch(thread, [], Moved: false, Deleted: true));
    }

    /// <summary>Neighbouring deltas of one part become one: a slow node gets fewer and longer ones.</summary>
    private void Gather(PublishedItem item)
    {
        if (item.Delta is { } delta && _waiting is [.., { Delta: { } last } before] && last.Part == delta.Part)
        {
            _waiting[^1] = before with { Delta = last with { Text = last.Text + delta.Text } };
        }
        else
        {
            _waiting.Add(item);
        }
    }

    private async Task SendAsync()
    {
        while (true)
        {
            PublishedItem[] items;
            lock (_lock)
            {
                if (_waiting.Count == 0 || IsDead)
                {
                    _busy = false;
                    return;
                }

                items = [.. _waiting];
                _waiting.Clear();
            }

            await CallAsync(new ThreadBatch(thread, items, Moved: false));
        }
    }

    private async Task CallAsync(ThreadBatch batch)
    {
        try
        {
            await node.Publish(batch);
        }
        catch (Exception lost)
        {
            IsDead = true;
            PublishFailed(lost, thread.Value);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A node that follows {Thread} could not be reached; it subscribes again by itself")]
    private partial void PublishFailed(Exception lost, string thread);
}
