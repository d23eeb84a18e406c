using ChatBackend.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend;

/// <summary>
/// Who may chat. Without any of these it is the users whom the application signs in by ASP.NET Core authentication: <c>HttpContext.User</c>, with the id
/// in the claim that <see cref="AuthOptions.UserIdClaim"/> names.
/// </summary>
public static class ChatBackendSignIn
{
    /// <summary>
    /// Guests: <c>POST /api/guests</c> makes a user with a random id and a token, which counts as bearer, as sub-protocol and, for pages of the server,
    /// as a cookie. Section <c>Guests</c>; outside of Development none are made unless <see cref="GuestOptions.Enabled"/> says so.
    /// </summary>
    public static IChatBackendBuilder AddGuests(this IChatBackendBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddGuestSignIn();
        return builder;
    }

    /// <summary>
    /// Tickets: <c>POST /api/tickets</c> gives a user who is signed in, however they are, a ticket with which <c>/ws?ticket=</c> opens one
    /// connection within 30 seconds. The application keeps the query of that path out of its logs.
    /// </summary>
    public static IChatBackendBuilder AddTickets(this IChatBackendBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddTicketSignIn();
        return builder;
    }

    /// <summary>
    /// Users of another authentication scheme of the application, which is not its default one: tokens of an identity provider beside guests, for example.
    /// What it says of a request is final, before guests are asked.
    /// </summary>
    /// <param name="scheme">The name under which its handler is registered.</param>
    public static IChatBackendBuilder AddSignIn(this IChatBackendBuilder builder, string scheme)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);
        builder.Services.Configure<SignInSchemes>(schemes => schemes.Added.Add(scheme));
        return builder;
    }
}
