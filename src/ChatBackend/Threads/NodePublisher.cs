using System.Text;
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
    private readonly List<PublishedItem> _waiting = [];
    private StringBuilder? _text; // of the last that waits, when it gathers
    private Task _sending = Task.CompletedTask;
    private bool _busy;

    public INodeObserver Node => node;

    public long RenewedAt { get; set; }

    /// <summary>A call failed; what follows would only be a gap. The node subscribes again.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Publishes what happened together: on the caller's thread up to where the node makes it wait.</summary>
    public void Add(PublishedItem[] items)
    {
        lock (_lock)
        {
            if (IsDead)
            {
                return;
            }

            if (_busy)
            {
                Array.ForEach(items, Gather);
                return;
            }

            _busy = true;
        }

        _sending = SendAsync(items);
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
        if (item.Delta is { } delta && _waiting is [.., { Delta: { } last }] && last.Part == delta.Part)
        {
            (_text ??= new StringBuilder(last.Text)).Append(delta.Text);
            return;
        }

        EndText();
        _waiting.Add(item);
    }

    private void EndText()
    {
        if (_text is not null)
        {
            var gathered = _waiting[^1];
            _waiting[^1] = gathered with { Delta = gathered.Delta! with { Text = _text.ToString() } };
            _text = null;
        }
    }

    private async Task SendAsync(PublishedItem[] items)
    {
        while (true)
        {
            await CallAsync(new ThreadBatch(thread, items, Moved: false)).ConfigureAwait(false);
            lock (_lock)
            {
                if (_waiting.Count == 0 || IsDead)
                {
                    _busy = false;
                    return;
                }

                EndText();
                items = [.. _waiting];
                _waiting.Clear();
            }
        }
    }

    private async Task CallAsync(ThreadBatch batch)
    {
        try
        {
            await node.Publish(batch).ConfigureAwait(false);
        }
        catch (Exception lost)
        {
            IsDead = true;
            PublishFailed(lost, thread.Value);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Publishing {Thread} to a node failed; the node will resubscribe")]
    private partial void PublishFailed(Exception lost, string thread);
}
