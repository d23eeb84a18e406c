using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>Decides who asks for a WebSocket, from the request alone. Every way in ends in a valid token; there is no other.</summary>
internal sealed class UpgradeIdentity(OriginPolicy origins, SessionTokens tokens, Tickets tickets)
{
    private const string Scheme = "Bearer";

    public UpgradeDecision Decide(HttpContext context)
    {
        var request = context.Request;
        var origin = origins.Check(context);
        if (origin is OriginVerdict.Foreign)
        {
            return Refuse(StatusCodes.Status403Forbidden, RefusalReason.ForeignOrigin, OriginPolicy.Refusal);
        }

        var offered = OfferedProtocols(request);
        var spoken = offered.Contains(ChatProtocol.Name) ? ChatProtocol.Name : null;
        if (offered.Count > 0 && spoken is null)
        {
            return Refuse(StatusCodes.Status400BadRequest, RefusalReason.SubProtocol, $"No supported sub-protocol was offered. Offer {ChatProtocol.Name}.");
        }

        var given = ExplicitTokens(request, offered);
        if (TicketInUrl.Of(context) is { Count: > 0 } presented)
        {
            return given.Count == 0 && presented is [{ } ticket] && tickets.Redeem(ticket) is { } admitted
                ? new UpgradeDecision.Accepted(admitted, spoken)
                : Refuse(StatusCodes.Status401Unauthorized, RefusalReason.InvalidTicket, "The ticket is invalid or expired: it is valid for one connection within 30 seconds. Get a new one.");
        }

        if (given.Count == 0)
        {
            return DecideByCookie(request, origin, spoken);
        }

        // An explicit credential is final: falling through to the cookie would make somebody else of the caller.
        return given.Count == 1 && tokens.Read(given.Single()) is { } session
            ? new UpgradeDecision.Accepted(session, spoken)
            : Refuse(StatusCodes.Status401Unauthorized, RefusalReason.InvalidToken, "The token is invalid or expired. Get a new one.");
    }

    // The browser adds a cookie to what any page asks for; only a page of this server may use it.
    private UpgradeDecision DecideByCookie(HttpRequest request, OriginVerdict origin, string? spoken)
    {
        var given = SessionCookie.TokensOf(request);
        if (given.Count == 0)
        {
            return Refuse(StatusCodes.Status401Unauthorized, RefusalReason.NoToken, "A token is needed: as bearer, as sub-protocol, or in the cookie.");
        }

        if (origin is not OriginVerdict.Own)
        {
            return Refuse(StatusCodes.Status403Forbidden, RefusalReason.ForeignCookie, "The session cookie counts only for pages of this server.");
        }

        if (given.Count > 1)
        {
            return Refuse(StatusCodes.Status401Unauthorized, RefusalReason.CookieConflict, SessionCookie.Conflict);
        }

        return tokens.Read(given.Single()) is { } session
            ? new UpgradeDecision.Accepted(session, spoken)
            : Refuse(StatusCodes.Status401Unauthorized, RefusalReason.InvalidToken, "The session is invalid or expired. Get a new one.");
    }

    private static List<string> OfferedProtocols(HttpRequest request) =>
    [
        .. request.Headers.SecWebSocketProtocol
            .SelectMany(header => (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
    ];

    // The same token may come both ways, because proxies strip one header or the other; two different ones are no identity.
    private static HashSet<string> ExplicitTokens(HttpRequest request, List<string> offered) =>
    [
        .. request.Headers.Authorization.Select(BearerToken),
        .. offered
            .Where(protocol => protocol.StartsWith(ChatProtocol.BearerPrefix, StringComparison.Ordinal))
            .Select(protocol => protocol[ChatProtocol.BearerPrefix.Length..]),
    ];

    // Empty, which no token is, for another scheme or none: the header was meant as a credential.
    internal static string BearerToken(string? header) =>
        header is not null && header.StartsWith(Scheme + " ", StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim(' ')
            : "";

    private static UpgradeDecision.Refused Refuse(int status, string reason, string problem) => new(status, reason, problem);
}
