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
            return new UpgradeDecision.Refused(StatusCodes.Status403Forbidden, OriginPolicy.Refusal);
        }

        // As with an upgrade, a token that was given explicitly is final, and two are none.
        var given = request.Headers.Authorization.Select(UpgradeIdentity.BearerToken).Distinct().ToList();
        if (given.Count == 0 && request.Cookies[UpgradeIdentity.Cookie] is { } cookie)
        {
            if (!IsOfOwnPage(request, origin))
            {
                return new UpgradeDecision.Refused(StatusCodes.Status403Forbidden, "The session cookie counts only for pages of this server.");
            }

            given.Add(cookie);
        }

        return given.Count == 1 && tokens.Read(given[0]) is { } session
            ? new UpgradeDecision.Accepted(session, null)
            : new UpgradeDecision.Refused(
                StatusCodes.Status401Unauthorized, given.Count == 0 ? "A token is needed: as bearer, or in the cookie." : "The token is not valid, or no longer. Get a new one.");
    }

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
