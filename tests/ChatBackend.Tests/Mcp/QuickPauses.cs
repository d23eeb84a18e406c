using ChatBackend.Mcp.Servers;

namespace ChatBackend.Tests.Mcp;

/// <summary>Real time, in which the pauses between attempts are over at once, and which can be set forward.</summary>
internal sealed class QuickPauses : TimeProvider
{
    private static readonly HashSet<TimeSpan> Pauses = [.. AllPauses()];
    private long _forward;

    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _forward);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Pauses.Contains(dueTime) ? TimeSpan.Zero : dueTime, period);

    public void Forward(TimeSpan time) => Interlocked.Add(ref _forward, (long)(time.TotalSeconds * TimestampFrequency));

    private static IEnumerable<TimeSpan> AllPauses()
    {
        for (var pause = McpSession.FirstPause; pause < McpSession.LongestPause; pause *= 2)
        {
            yield return pause;
        }

        yield return McpSession.LongestPause;
    }
}
