using System.Security.Claims;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>
/// Who sends a request. What was given explicitly decides; then the user whom the application has signed in (<c>HttpContext.User</c>); then a guest's cookie.
/// </summary>
internal sealed class ChatSignIn(
    IOptions<SignInSchemes> schemes, IOptions<AuthOptions> options, IAuthenticationSchemeProvider registered, IServiceScopeFactory scopes, TimeProvider clock)
{
    private static readonly Admission.Refused Invalid = new(StatusCodes.Status401Unauthorized, RefusalReason.InvalidToken, SessionTokenHandler.Refusal);

    private readonly IReadOnlyList<string> _schemes = schemes.Value.InOrder;

    /// <param name="ways">The ways in which a guest's token may come, for who brings none.</param>
    public async ValueTask<Admission> AuthenticateAsync(HttpContext http, string ways)
    {
        var isExplicit = Credentials.TokensOf(http.Request).Count > 0 || (schemes.Value.HasTickets && PresentedTicket.Of(http).Count > 0);
        if (!isExplicit && IsSignedIn(http))
        {
            return OfApplication(http);
        }

        if (await FirstOfRequestAsync(http) is { } decided)
        {
            return decided;
        }

        return IsSignedIn(http) ? OfApplication(http)
            : isExplicit ? Invalid
            : new Admission.Refused(StatusCodes.Status401Unauthorized, RefusalReason.NoToken, schemes.Value.HasGuests
                ? $"A token is needed: {ways}."
                : "Sign in first.");
    }

    /// <summary>The session of a token that came in a frame; null when it is not valid. It is authenticated as in a request of its own.</summary>
    public async Task<Session?> ReadAsync(string token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Request.Headers.Authorization = $"Bearer {token}";
        var decision = await FirstAsync(http);
        if (decision is null && await registered.GetDefaultAuthenticateSchemeAsync() is { } standard)
        {
            decision = Decide(await http.AuthenticateAsync(standard.Name));
        }

        return (decision as Admission.Accepted)?.Session;
    }

    // In a scope of its own: the handlers, and what they hold, end with it. The request's would last as long as its socket.
    private async Task<Admission?> FirstOfRequestAsync(HttpContext http)
    {
        var ofRequest = http.Features.Get<IServiceProvidersFeature>();
        await using var scope = scopes.CreateAsyncScope();
        var ofSignIn = new ServiceProvidersFeature { RequestServices = scope.ServiceProvider };
        http.Features.Set<IServiceProvidersFeature>(ofSignIn);
        try
        {
            return await FirstAsync(http);
        }
        finally
        {
            http.Features.Set(ofRequest);
            ofSignIn.RequestServices = null!; // the context still holds the feature itself
        }
    }

    private async Task<Admission?> FirstAsync(HttpContext http)
    {
        var handlers = http.RequestServices.GetRequiredService<IAuthenticationHandlerProvider>();
        foreach (var scheme in _schemes)
        {
            var handler = await handlers.GetHandlerAsync(http, scheme)
                ?? throw new InvalidOperationException($"AddSignIn names the authentication scheme '{scheme}', which is not registered.");
            if (Decide(await handler.AuthenticateAsync()) is { } decided)
            {
                return decided;
            }
        }

        return null;
    }

    private Admission? Decide(AuthenticateResult result) => result switch
    {
        { Failure: SignInRefusedException refused } => new Admission.Refused(refused.Status, refused.Reason, refused.Message),
        { Failure: not null } => Invalid,
        { Ticket: { } ticket } => Accept(ticket.Principal, ticket.Properties.ExpiresUtc),
        _ => null,
    };

    private Admission OfApplication(HttpContext http) => OriginPolicy.IsOfAnotherPage(http.Request) && http.Request.Headers.Origin.Count == 0
        ? new Admission.Refused(StatusCodes.Status403Forbidden, RefusalReason.ForeignCookie, "Being signed in counts only for pages of this server.")
        : Accept(http.User, http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc);

    private Admission Accept(ClaimsPrincipal principal, DateTimeOffset? expiresAt)
    {
        if (principal.Identity is SessionIdentity ours)
        {
            return new Admission.Accepted(ours.Session, null);
        }

        if (expiresAt <= clock.GetUtcNow())
        {
            return Invalid;
        }

        return IdOf(principal) is { } user
            ? new Admission.Accepted(new Session(user, expiresAt ?? DateTimeOffset.MaxValue, principal), null)
            : new Admission.Refused(StatusCodes.Status403Forbidden, RefusalReason.NoUserId, "This sign-in does not say which user it is of. The application names the claim in Auth:UserIdClaim.");
    }

    private UserId? IdOf(ClaimsPrincipal principal)
    {
        IEnumerable<string> types = options.Value.UserIdClaim is { Length: > 0 } type ? [type] : [ClaimTypes.NameIdentifier, "sub"];
        var ids = types.Select(type => principal.FindAll(type).Select(claim => claim.Value).ToHashSet()).FirstOrDefault(values => values.Count > 0);
        return ids is { Count: 1 } && ids.Single() is var id && UserId.IsWellFormed(id) ? UserId.From(id) : null;
    }

    private static bool IsSignedIn(HttpContext http) => http.User.Identity is { IsAuthenticated: true };
}
