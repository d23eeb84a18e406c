using ChatBackend.Client;
using ChatBackend.Client.Threads;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

internal static class Reading
{
    /// <summary>A follower's frames from its start: so many, or all there are until its end.</summary>
    public static async Task<List<ServerFrame>> ReadAsync(this ThreadFollower follower, int count = int.MaxValue)
    {
        using var deadline = Deadline.Source();
        return await TakeAsync(follower.Events(deadline.Token), count);
    }

    public static async Task<List<ServerFrame>> ReadAsync(this FrameLog log, int count = int.MaxValue)
    {
        using var deadline = Deadline.Source();
        return await TakeAsync(log.ReadAsync(deadline.Token), count);
    }

    private static async Task<List<ServerFrame>> TakeAsync(IAsyncEnumerable<ServerFrame> frames, int count)
    {
        var taken = new List<ServerFrame>();
        await foreach (var frame in frames)
        {
            taken.Add(frame);
            if (taken.Count == count)
            {
                break;
            }
        }

        return taken;
    }
}
