using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>Decides who sends an HTTP request, by the same tokens and origins as an upgrade.</summary>
internal sealed class ApiIdentity(OriginPolicy origins, SessionTokens tokens)
{
    public UpgradeDecision Decide(HttpContext context)
    {
        var request = context.Request;
        var origin = origins.Check(context);
        if (origin is OriginVerdict.Foreign)
        {
            return new UpgradeDecision.Refused(StatusCodes.Status403Forbidden, RefusalReason.ForeignOrigin, OriginPolicy.Refusal);
        }

        // As with an upgrade, a token that was given explicitly is final, and two are none.
        var given = request.Headers.Authorization.Select(UpgradeIdentity.BearerToken).ToHashSet();
        if (given.Count == 0)
        {
            given = SessionCookie.TokensOf(request);
            if (given.Count > 0 && !IsOfOwnPage(request, origin))
            {
                return new UpgradeDecision.Refused(StatusCodes.Status403Forbidden, RefusalReason.ForeignCookie, "The session cookie counts only for pages of this server.");
            }

            if (given.Count > 1)
            {
                return Unknown(RefusalReason.CookieConflict, SessionCookie.Conflict);
            }
        }

        if (given.Count == 0)
        {
            return Unknown(RefusalReason.NoToken, "A token is needed: as bearer, or in the cookie.");
        }

        return given.Count == 1 && tokens.Read(given.Single()) is { } session
            ? new UpgradeDecision.Accepted(session, null)
            : Unknown(RefusalReason.InvalidToken, "The token is invalid or expired. Get a new one.");
    }

    private static UpgradeDecision.Refused Unknown(string reason, string problem) => new(StatusCodes.Status401Unauthorized, reason, problem);

    // Browsers send no Origin when a page reads from its own server. Most say in another header where the page is from;
    // where that is missing too, reading has no effect, and no other page could see what it gets.
    private static bool IsOfOwnPage(HttpRequest request, OriginVerdict origin) =>
        origin is OriginVerdict.Own
        || (origin is OriginVerdict.None
            && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && !IsOfAnotherPage(request));

    /// <summary>Whether a browser says that another page makes it send this. Programs and older browsers say nothing.</summary>
    public static bool IsOfAnotherPage(HttpRequest request) => request.Headers["Sec-Fetch-Site"] is not ([] or ["same-origin"] or ["none"]);
}
