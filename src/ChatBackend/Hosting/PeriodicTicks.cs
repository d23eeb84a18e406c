namespace ChatBackend.Hosting;

/// <summary>The rhythm of a background service.</summary>
internal static class PeriodicTicks
{
    /// <summary>One tick after the other until the service stops. A cancelled wait ends quietly: thrown out of a service of a host that never started, it would pass for a failure.</summary>
    public static async IAsyncEnumerable<long> EveryAsync(
        TimeSpan period, TimeProvider clock, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(period, clock);
        for (var tick = 0L; await NextAsync(timer, stopping); tick++)
        {
            yield return tick;
        }
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
