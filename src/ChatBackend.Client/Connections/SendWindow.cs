using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>
/// What the server lets wait for its answer. Obeyed here, because a retry that is refused for being one too many would look as if
/// the command had no effect, although its first sending may have had one.
/// </summary>
internal sealed class SendWindow(ConnectionLimits limits)
{
    /// <summary>Sent, it would close the connection; sent again on the next one, that one too.</summary>
    public bool IsTooLarge(Waiting command) => command.Bytes > limits.MaxMessageBytes;

    /// <summary>What the server would say to it.</summary>
    public ChatErrorException Refusal(Waiting command) =>
        new(new Error { Code = ErrorCode.TooLarge, Message = $"The frame has {command.Bytes} bytes; the server takes {limits.MaxMessageBytes}." });

    public bool HasRoomFor(Waiting next, IEnumerable<Waiting> waiting)
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
