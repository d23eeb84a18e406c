namespace ChatBackend.Client;

/// <summary>
/// The last event of a thread that a client has. With its time it names that event; the number alone would be taken for whatever event has it
/// after the server's log was put back to an earlier state.
/// </summary>
/// <param name="Seq">Its <c>seq</c>; 0 before the first event.</param>
/// <param name="At">Its <c>at</c>; null when it is not known.</param>
public readonly record struct ThreadCursor(long Seq, DateTimeOffset? At = null);
