using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// Where a connection keeps the commands that take effect once (<c>chat</c>, <c>stop</c>, <c>decide</c>) until they are answered, so
/// that an application that is started again sends what never was, in order and with the same ids. Of one connection at a time;
/// its calls come one after the other. See <see cref="FileSendStore"/>.
/// </summary>
public interface ISendStore
{
    /// <summary>What is kept, in the order it was saved. Asked once, before the connection sends anything.</summary>
    ValueTask<IReadOnlyList<StoredSend>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Keeps a command. It is sent only after this returned, so what it kept must outlive the process by then. What it throws is thrown to whoever sends, and the command is not sent.</summary>
    ValueTask SaveAsync(StoredSend send);

    /// <summary>Forgets a command that was answered. One that comes back all the same is sent again, and the server's answer is a duplicate: losing a removal costs a round trip.</summary>
    ValueTask RemoveAsync(ClientFrameId id);
}

/// <summary>A command as it was, or would have been, sent.</summary>
/// <param name="Json">The frame, in one line. Holds what the user wrote.</param>
public sealed record StoredSend(ClientFrameId Id, string Json);

/// <summary>A command of an earlier process, sent again by this connection.</summary>
/// <param name="Answer">Ends as the call that sent it would have: with the <c>ack</c>, <see cref="ChatErrorException"/> or <see cref="ChatClosedException"/>. Need not be awaited.</param>
public sealed record RestoredSend(ClientCommand Command, Task<Ack> Answer);
