using System.Text.Encodings.Web;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>Authenticates by the cookie of a guest. The browser adds a cookie to what any page asks for; only a page of this server may use it.</summary>
internal sealed class SessionCookieHandler(
    SessionTokens tokens, OriginPolicy origins, IOptionsMonitor<AuthenticationSchemeOptions> options, UrlEncoder encoder) : QuietAuthenticationHandler(options, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        // An explicit credential is final: falling through to the cookie would take the caller for another user.
        if (Credentials.TokensOf(Request).Count > 0)
        {
            return AuthenticateResult.NoResult();
        }

        var given = SessionCookie.TokensOf(Context);
        if (given.Count == 0)
        {
            return AuthenticateResult.NoResult();
        }

        if (!IsOfOwnPage())
        {
            return Refuse(StatusCodes.Status403Forbidden, RefusalReason.ForeignCookie, "The session cookie counts only for pages of this server.");
        }

        if (given.Count > 1)
        {
            return Refuse(StatusCodes.Status401Unauthorized, RefusalReason.CookieConflict, SessionCookie.Conflict);
        }

        return tokens.Read(given.Single()) is { } session
            ? SessionTokenHandler.Success(session, Scheme.Name)
            : Refuse(StatusCodes.Status401Unauthorized, RefusalReason.InvalidToken, "The session is invalid or expired. Get a new one.");
    }

    // Browsers send no Origin when a page reads from its own server, but always one with a WebSocket. Most say in another header where the
    // page is from; where that is missing too, reading has no effect, and no other page could see what it gets.
    private bool IsOfOwnPage() => origins.Check(Context) switch
    {
        OriginVerdict.Own => true,
        OriginVerdict.None => (HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method)) && Request.Headers.Upgrade.Count == 0 && !OriginPolicy.IsOfAnotherPage(Request),
        _ => false,
    };

    private static AuthenticateResult Refuse(int status, string reason, string problem) => AuthenticateResult.Fail(new SignInRefusedException(status, reason, problem));
}
