using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>A frame that a newer server sends and this client does not know. Nothing follows from it.</summary>
/// <param name="Type">Its <c>type</c>.</param>
/// <param name="Json">The whole frame.</param>
public sealed record UnknownFrame(string Type, JsonElement Json) : ServerFrame;

/// <summary>
/// A durable event that this client does not know, or holds a word it does not know. It has its place in the thread all the
/// same: ignored, it would look like a gap that is never filled.
/// </summary>
/// <param name="Type">Its <c>type</c>.</param>
/// <param name="Json">The whole frame.</param>
public sealed record UnknownEvent(string Type, JsonElement Json) : ThreadEvent;

/// <summary>
/// Not sent by a server: stands among a follower's frames where the thread's earlier history was found to be gone. What came before
/// is dropped, the next event is <see cref="BeginsAt"/>.
/// </summary>
public sealed record HistoryExpired(ThreadId ThreadId, long BeginsAt) : ServerFrame;

/// <summary>
/// Not sent by a server: stands among a follower's frames where its events were found to be of a history that no longer exists, because the server's log was
/// put back to an earlier state. What came before is dropped, the next event is <see cref="BeginsAt"/> of the history that is there now. Tell the user.
/// </summary>
public sealed record HistoryReplaced(ThreadId ThreadId, long BeginsAt) : ServerFrame;

/// <summary>
/// Not sent by a server: stands among the changes of a <see cref="ThreadList"/> where it was begun anew, because the server's log was put back to an earlier state or this connection was away for so long that
/// deletions are forgotten. What came before is dropped; what is in the list now follows.
/// </summary>
public sealed record ThreadListReplaced : ServerFrame;
