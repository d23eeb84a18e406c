namespace ChatBackend.Telemetry;

/// <summary>Why an HTTP request is refused: the closed set of words for metrics and log.</summary>
internal static class RefusalReason
{
    public const string NotReady = "not_ready";
    public const string AtCapacity = "at_capacity";
    public const string NoWebSocket = "no_websocket";
    public const string SubProtocol = "sub_protocol";
    public const string ForeignOrigin = "foreign_origin";
    public const string NoToken = "no_token";
    public const string InvalidToken = "invalid_token";
    public const string InvalidTicket = "invalid_ticket";
    public const string ForeignCookie = "foreign_cookie";
    public const string CookieConflict = "cookie_conflict";
    public const string GuestsDisabled = "guests_disabled";
    public const string NoUserId = "no_user_id";
    public const string SignInUnavailable = "sign_in_unavailable";

    public static readonly string[] All =
    [
        NotReady, AtCapacity, NoWebSocket, SubProtocol, ForeignOrigin, NoToken, InvalidToken, InvalidTicket, ForeignCookie, CookieConflict, GuestsDisabled,
        NoUserId, SignInUnavailable,
    ];
}
