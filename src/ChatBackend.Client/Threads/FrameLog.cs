using System.Runtime.CompilerServices;
using ChatBackend.Protocol;

namespace ChatBackend.Client.Threads;

/// <summary>The last frames of a thread, bounded in bytes. Any number of readers, each at its own place; one whose place is gone is told so.</summary>
internal sealed class FrameLog(int maxBytes)
{
    private readonly Lock _lock = new();
    private readonly List<(ServerFrame Frame, int Bytes)> _frames = [];
    private int _gone; // frames at the front of the list that were dropped; they leave the list when they are half of it
    private long _start; // the place of the first frame of the list
    private long _bytes;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _hasEnded;
    private Exception? _end;

    public void Append(ServerFrame frame, int bytes)
    {
        lock (_lock)
        {
            _frames.Add((frame, bytes));
            _bytes += bytes;
            while (_bytes > maxBytes && _gone < _frames.Count - (maxBytes > 0 ? 1 : 0)) // a frame larger than the buffer still reaches who waits
            {
                _bytes -= _frames[_gone].Bytes;
                _frames[_gone++] = default;
            }

            if (_gone > _frames.Count / 2)
            {
                _frames.RemoveRange(0, _gone);
                _start += _gone;
                _gone = 0;
            }

            Wake();
        }
    }

    /// <param name="error">What readers hear at the end; null ends them quietly.</param>
    public void End(Exception? error)
    {
        lock (_lock)
        {
            (_hasEnded, _end) = (true, error);
            Wake();
        }
    }

    /// <summary>The events that are here, of the history that is there now.</summary>
    public IEnumerable<ThreadEvent> Events()
    {
        lock (_lock)
        {
            var replaced = _frames.FindLastIndex(item => item.Frame is HistoryReplaced);
            return [.. _frames.Skip(Math.Max(_gone, replaced + 1)).Select(item => item.Frame).OfType<ThreadEvent>()];
        }
    }

    /// <exception cref="FollowerOverrunException">The next frame is no longer here.</exception>
    public IAsyncEnumerable<ServerFrame> ReadAsync(CancellationToken cancellationToken) => ReadFromAsync(0, cancellationToken);

    /// <summary>What is appended from this call on.</summary>
    /// <exception cref="FollowerOverrunException">The next frame is no longer here.</exception>
    public IAsyncEnumerable<ServerFrame> ReadFromEndAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ReadFromAsync(_start + _frames.Count, cancellationToken);
        }
    }

    private async IAsyncEnumerable<ServerFrame> ReadFromAsync(long place, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (; ; place++)
        {
            ServerFrame? frame;
            while (!TryRead(place, out frame, out var changed))
            {
                await changed.WaitAsync(cancellationToken);
            }

            if (frame is null)
            {
                yield break;
            }

            cancellationToken.ThrowIfCancellationRequested();
            yield return frame;
        }
    }

    /// <returns>False when there is no such frame yet; <paramref name="frame"/> is null when there will be none.</returns>
    private bool TryRead(long place, out ServerFrame? frame, out Task changed)
    {
        lock (_lock)
        {
            changed = _changed.Task;
            var index = place - _start;
            if (index < _gone)
            {
                throw new FollowerOverrunException(maxBytes);
            }

            frame = index < _frames.Count ? _frames[(int)index].Frame : null;
            if (frame is not null || !_hasEnded)
            {
                return frame is not null;
            }

            return _end is null ? true : throw _end;
        }
    }

    private void Wake()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}
