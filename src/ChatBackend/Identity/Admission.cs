namespace ChatBackend.Identity;

/// <summary>What becomes of a request for a WebSocket.</summary>
internal abstract record Admission
{
    /// <param name="Session">Who it is.</param>
    /// <param name="SubProtocol">To be echoed; null when the client offered none.</param>
    internal sealed record Accepted(Session Session, string? SubProtocol) : Admission;

    /// <param name="Status">The HTTP status, before the upgrade.</param>
    /// <param name="Reason">One of <see cref="Telemetry.RefusalReason"/>.</param>
    /// <param name="Problem">A sentence for people; never holds what was refused.</param>
    internal sealed record Refused(int Status, string Reason, string Problem) : Admission;
}
