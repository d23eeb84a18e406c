using System.Text.Encodings.Web;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>Authenticates a WebSocket by a ticket in its URL.</summary>
internal sealed class TicketHandler(
    Tickets tickets, IOptionsMonitor<AuthenticationSchemeOptions> options, UrlEncoder encoder) : QuietAuthenticationHandler(options, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        var presented = PresentedTicket.Of(Context);
        if (presented.Count == 0)
        {
            return AuthenticateResult.NoResult();
        }

        return Credentials.TokensOf(Request).Count == 0 && presented is [{ } ticket] && Redeem(ticket) is { } session
            ? SessionTokenHandler.Success(session, Scheme.Name)
            : AuthenticateResult.Fail(new SignInRefusedException(StatusCodes.Status401Unauthorized, RefusalReason.InvalidTicket,
                "The ticket is invalid or expired: it is valid for one connection within 30 seconds. Get a new one."));
    }

    // A policy of the application may have asked for it already, on the same request.
    private Session? Redeem(string ticket)
    {
        if (Context.Features.Get<Redeemed>() is not { } redeemed)
        {
            Context.Features.Set(redeemed = new Redeemed(tickets.Redeem(ticket)));
        }

        return redeemed.Session;
    }

    private sealed record Redeemed(Session? Session);
}
