using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Threads.Publishing;

/// <summary>
/// Publishes one thread to one node: at once when idle, and while a call is in flight the next items gather and go as one.
/// Best effort: a node that misses something sees the gap and reads the log.
/// </summary>
internal sealed partial class NodePublisher(ThreadId thread, INodeObserver node, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly List<PublishedItem> _waiting = [];
    private StringBuilder? _text; // of the last that waits, when it gathers
    private PublishedItem[]? _next; // of a call that is to be begun
    private bool _isBusy;
    private TaskCompletionSource? _idle;

    public INodeObserver Node => node;

    public long RenewedAt { get; set; }

    /// <summary>A call failed; what follows would only be a gap. The node subscribes again.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Puts items that belong together behind those before them; <see cref="Flush"/> sends them.</summary>
    public void Add(PublishedItem[] items)
    {
        lock (_lock)
        {
            if (IsDead)
            {
                return;
            }

            if (_isBusy)
            {
                Array.ForEach(items, Gather);
                return;
            }

            (_isBusy, _next) = (true, items);
        }
    }

    /// <summary>Begins the call that an idle node is due, on the caller's thread up to where the node makes it wait. Where none is due, does nothing.</summary>
    public void Flush()
    {
        if (Interlocked.Exchange(ref _next, null) is { } items)
        {
            _ = SendAsync(items); // never throws; who ends the publisher waits for it
        }
    }

    /// <summary>The last that is published: the thread has another writer, or is deleted.</summary>
    public async Task EndAsync(bool isDeleted)
    {
        var idle = Task.CompletedTask;
        lock (_lock)
        {
            if (_isBusy)
            {
                idle = (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }

        Flush();
        await idle;
        await CallAsync(new ThreadBatch(thread, [], Moved: !isDeleted, Deleted: isDeleted));
    }

    /// <summary>Neighbouring deltas of one part become one, and of neighbouring reports of one call the latest stays: a slow node gets fewer.</summary>
    private void Gather(PublishedItem item)
    {
        if (item.Progress is { } progress && Earlier(progress) is >= 0 and var place)
        {
            _waiting[place] = item;
            return;
        }

        if (item.Delta is { } delta && _waiting is [.., { Delta: { } last }] && last.Part == delta.Part)
        {
            (_text ??= new StringBuilder(last.Text)).Append(delta.Text);
            return;
        }

        EndText();
        _waiting.Add(item);
    }

    /// <summary>Where a report of the same call waits that only other reports come after; -1 when none does.</summary>
    private int Earlier(ProgressReport progress)
    {
        for (var place = _waiting.Count - 1; place >= 0 && _waiting[place].Progress is { } waiting; place--)
        {
            if (waiting.Call == progress.Call)
            {
                return place;
            }
        }

        return -1;
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
                    _isBusy = false;
                    _idle?.TrySetResult();
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
        catch (Exception ex)
        {
            IsDead = true;
            PublishFailed(ex, thread.Value);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Publishing {Thread} to a node failed; the node will resubscribe")]
    private partial void PublishFailed(Exception lost, string thread);
}
