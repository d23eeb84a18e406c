using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>
/// What may be sent next, in order, and within what the server lets wait for its answer. Its limits are obeyed here, because a retry
/// that is refused for being one too many would look as if the command had no effect, although its first sending may have had one.
/// </summary>
internal sealed class SendWindow(ConnectionLimits limits)
{
    /// <param name="waiting">In order. What is larger than the server takes is refused here and leaves it.</param>
    /// <param name="due">How long until something becomes due, if something will without a signal.</param>
    public PendingCommand? Next(List<PendingCommand> waiting, TimeProvider clock, out TimeSpan? due)
    {
        due = null;
        waiting.RemoveAll(IsRefused);
        foreach (var entry in waiting)
        {
            if (entry.IsSent || entry.Answer.Task.IsCompleted)
            {
                continue;
            }

            if (!entry.IsSaved)
            {
                return null; // what comes after it comes after it on the wire too
            }

            var wait = entry.DueAt - clock.GetTimestamp();
            if (wait > 0)
            {
                var left = TimeSpan.FromSeconds((double)wait / clock.TimestampFrequency);
                due = due < left ? due : left;
            }
            else if (!IsHeldUp(entry, waiting))
            {
                return HasRoomFor(entry, waiting) ? entry : null;
            }
        }

        return null;
    }

    /// <summary>Sent, it would close the connection; sent again on the next one, that one too.</summary>
    private bool IsRefused(PendingCommand command) =>
        command is { IsSent: false, Command: not null } && command.Bytes > limits.MaxMessageBytes && command.Answer.TrySetException(
            new ChatErrorException(new Error
            {
                Code = ErrorCode.TooLarge,
                Message = $"The frame has {command.Bytes} bytes; the server takes {limits.MaxMessageBytes}.",
            }));

    private static bool IsHeldUp(PendingCommand entry, List<PendingCommand> waiting) =>
        waiting.TakeWhile(earlier => earlier != entry).Any(earlier => earlier is { IsSent: false, WasDeferred: true } && earlier.HoldsUp(entry));

    private bool HasRoomFor(PendingCommand next, List<PendingCommand> waiting)
    {
        var count = 0;
        var bytes = (long)next.Bytes;
        foreach (var sent in waiting.Where(entry => entry.IsSent))
        {
            count++;
            bytes += sent.Bytes;
        }

        return count == 0 || (count < limits.MaxPendingCommands && bytes <= limits.MaxPendingBytes);
    }
}
