using System.Security.Claims;
using System.Text.Encodings.Web;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>Authenticates by a token of ours that was given explicitly.</summary>
internal sealed class SessionTokenHandler(
    SessionTokens tokens, IOptionsMonitor<AuthenticationSchemeOptions> options, UrlEncoder encoder) : QuietAuthenticationHandler(options, encoder)
{
    public const string Refusal = "The token is invalid or expired. Get a new one.";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var given = Credentials.TokensOf(Request);
        return Task.FromResult(given.Count == 0
            ? AuthenticateResult.NoResult()
            : given.Count == 1 && tokens.Read(given.Single()) is { } session
                ? Success(session, Scheme.Name)
                : AuthenticateResult.Fail(new SignInRefusedException(StatusCodes.Status401Unauthorized, RefusalReason.InvalidToken, Refusal)));
    }

    public static AuthenticateResult Success(Session session, string scheme) => AuthenticateResult.Success(new AuthenticationTicket(
        new ClaimsPrincipal(new SessionIdentity(session)), new AuthenticationProperties { ExpiresUtc = session.ExpiresAt }, scheme));
}
