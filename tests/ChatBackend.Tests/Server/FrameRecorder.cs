using ChatBackend.Protocol;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Server;

/// <summary>Every frame one connection got, in order, and waits for those to come.</summary>
internal sealed class FrameRecorder
{
    private readonly Lock _lock = new();
    private readonly List<ServerFrame> _frames = [];
    private readonly List<(Func<IReadOnlyList<ServerFrame>, bool> IsThere, TaskCompletionSource Found)> _waits = [];

    public void Add(ServerFrame frame)
    {
        lock (_lock)
        {
            _frames.Add(frame);
            foreach (var wait in _waits.Where(wait => wait.IsThere(_frames)))
            {
                wait.Found.TrySetResult();
            }
        }
    }

    public IReadOnlyList<ServerFrame> All()
    {
        lock (_lock)
        {
            return [.. _frames];
        }
    }

    /// <summary>Forgets what came so far.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _frames.Clear();
        }
    }

    public async Task<T> UntilAsync<T>(Func<T, bool>? matches = null) where T : ServerFrame
    {
        bool Matches(ServerFrame frame) => frame is T match && (matches is null || matches(match));
        await UntilAsync(frames => frames.Any(Matches), typeof(T).Name);
        return (T)All().First(Matches);
    }

    public async Task UntilAsync(Func<IReadOnlyList<ServerFrame>, bool> isThere, string what = "what was waited for")
    {
        var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (isThere(_frames))
            {
                return;
            }

            _waits.Add((isThere, found));
        }

        try
        {
            await found.Task.Soon();
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{what} did not come. There is: {string.Join(", ", All().Select(frame => frame.GetType().Name))}.");
        }
    }
}
