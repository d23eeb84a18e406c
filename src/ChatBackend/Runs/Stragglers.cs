namespace ChatBackend.Runs;

/// <summary>What a run has begun and given up, and what goes on all the same. It is still the run's: its scope stays until the last of it is over.</summary>
internal sealed class Stragglers
{
    private readonly Lock _lock = new();
    private readonly List<Task> _tasks = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _tasks.Count;
            }
        }
    }

    public void Add(Task task)
    {
        lock (_lock)
        {
            _tasks.Add(task);
        }
    }

    /// <summary>Ends when all of it has, however it ended.</summary>
    public async Task EndAsync()
    {
        // One that ends may leave another.
        for (var ended = 0; ended < Count;)
        {
            Task[] tasks;
            lock (_lock)
            {
                tasks = [.. _tasks];
            }

            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended = tasks.Length;
        }
    }
}
