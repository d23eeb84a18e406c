using System.Net.WebSockets;
using ChatBackend.Protocol;

namespace ChatBackend.Connections;

/// <summary>Why a connection ended: decided once, by the first that ends it; logged once; sent as the close code.</summary>
/// <param name="Name">For logs and metrics.</param>
/// <param name="Code">The WebSocket close code; null when the socket is beyond telling.</param>
internal sealed record CloseReason(string Name, int? Code)
{
    public static readonly CloseReason ClientDone = new("client_done", CloseCodes.Normal);
    /// <summary>The transport broke, or a WebSocket ping stayed without an answer: the WebSocket library ends both the same way.</summary>
    public static readonly CloseReason PeerVanished = new("peer_vanished", null);
    public static readonly CloseReason Draining = new("draining", CloseCodes.GoingAway);
    public static readonly CloseReason BinaryRefused = new("binary_refused", CloseCodes.BinaryRefused);
    /// <summary>Bad UTF-8; also a broken frame, for which the WebSocket library sends 1002. It has told the peer before we hear of it.</summary>
    public static readonly CloseReason ProtocolError = new("protocol_error", CloseCodes.InvalidUtf8);
    public static readonly CloseReason TooBig = new("too_big", CloseCodes.TooBig);
    public static readonly CloseReason InternalError = new("internal_error", CloseCodes.Internal);
    public static readonly CloseReason Unavailable = new("unavailable", CloseCodes.AtCapacity);
    public static readonly CloseReason SessionExpired = new("session_expired", CloseCodes.Unauthenticated);
    public static readonly CloseReason OutboxFull = new("outbox_full", CloseCodes.TooSlow);
    public static readonly CloseReason MessageTimedOut = new("message_timed_out", CloseCodes.TimedOut);
    public static readonly CloseReason SendTimedOut = new("send_timed_out", null);

    public WebSocketCloseStatus? Status => (WebSocketCloseStatus?)Code;
}
