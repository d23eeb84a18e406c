using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// Where a connection keeps the commands that take effect once (<c>chat</c>, <c>stop</c>, <c>decide</c>) until they are answered, so
/// that an application that is started again sends what never was, in order and with the same ids. Each command is its user's: what
/// one wrote must never be among what another loads. The calls of one connection come one after the other. See <see cref="FileSendStore"/>.
/// </summary>
public interface ISendStore
{
    /// <summary>What is kept of this user, in the order it was saved. Asked once, when the server has said who the user is and before the connection sends anything.</summary>
    ValueTask<IReadOnlyList<StoredSend>> LoadAsync(UserId user, CancellationToken cancellationToken);

    /// <summary>Keeps a command, in place of what is kept under its id. It is sent only after this returned, so what it kept must outlive the process by then. What it throws is thrown to the caller, and the command is not sent.</summary>
    ValueTask SaveAsync(UserId user, StoredSend send);

    /// <summary>Forgets a command that was answered, or was refused and discarded. One that comes back all the same is sent again, and the server's answer is a duplicate: losing a removal costs a round trip.</summary>
    ValueTask RemoveAsync(UserId user, ClientFrameId id);
}

/// <summary>A command as it was, or would have been, sent.</summary>
/// <param name="Json">The frame, in one line. Holds what the user wrote.</param>
/// <param name="Refusal">The <c>error</c> frame, in one line, that it was refused with after a restart: it is not sent again, and kept until <see cref="ChatConnection.DiscardAsync"/>. Null while it waits.</param>
public sealed record StoredSend(ClientFrameId Id, string Json, string? Refusal = null);

/// <summary>A command of an earlier process, sent again by this connection, unless it was refused before.</summary>
/// <param name="Answer">
/// Ends as the call that sent it would have: with the <c>ack</c>, <see cref="ChatErrorException"/> or <see cref="ChatClosedException"/>. Need not be awaited. A command that is
/// refused is not lost: it is among <see cref="ChatConnection.Restored"/> after every start, with its error, until <see cref="ChatConnection.DiscardAsync"/>.
/// </param>
public sealed record RestoredSend(ClientCommand Command, Task<Ack> Answer);
