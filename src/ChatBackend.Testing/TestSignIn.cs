using System.Text.Encodings.Web;
using ChatBackend.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Testing;

/// <summary>Signs in the users of <see cref="TestUsers"/>.</summary>
internal sealed class TestSignIn(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, TestUsers users)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "ChatBackend.Testing";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        users.Find(ChatAuthentication.BearerToken(Request)) is { } user ? AuthenticateResult.Success(new AuthenticationTicket(user, Scheme)) : AuthenticateResult.NoResult());
}
