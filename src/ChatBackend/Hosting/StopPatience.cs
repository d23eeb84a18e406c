namespace ChatBackend.Hosting;

/// <summary>Waits that a stop of the server cuts short.</summary>
internal static class StopPatience
{
    /// <summary>Waits for a task, however it ends; once the server stops, no longer than <paramref name="patience"/>.</summary>
    /// <returns>Whether it has ended.</returns>
    public static async Task<bool> EndsAsync(this Task task, TimeSpan patience, TimeProvider clock, CancellationToken stopping)
    {
        await task.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!task.IsCompleted)
        {
            await task.WaitAsync(patience, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return task.IsCompleted;
    }
}
