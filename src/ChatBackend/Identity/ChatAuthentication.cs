using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>Names of the authentication schemes that the chat backend brings, for policies and for an application that replaces one of them.</summary>
public static class ChatAuthentication
{
    /// <summary>A guest's token, as <c>Authorization: Bearer</c> or as the sub-protocol <c>bearer.&lt;token&gt;</c> of a WebSocket. Registered by <c>AddGuests</c>.</summary>
    public const string BearerScheme = "ChatBackend.Bearer";

    /// <summary>A guest's token in the cookie of the server's own pages. Registered by <c>AddGuests</c>.</summary>
    public const string CookieScheme = "ChatBackend.Cookie";

    /// <summary>A ticket in the URL of a WebSocket, good for one connection. Registered by <c>AddTickets</c>.</summary>
    public const string TicketScheme = "ChatBackend.Ticket";

    internal static bool IsOurs(string scheme) => scheme is BearerScheme or CookieScheme or TicketScheme;

    /// <summary>
    /// The bearer token of a request: in <c>Authorization</c>, or in the sub-protocol <c>bearer.&lt;token&gt;</c>, in which a browser sends one with a WebSocket.
    /// For handlers of an application's own, which look at the header only: <c>OnMessageReceived = context => context.Token = ChatAuthentication.BearerToken(context.Request)</c>.
    /// </summary>
    /// <returns>Null when there is none, or two that differ.</returns>
    public static string? BearerToken(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Credentials.TokensOf(request) is { Count: 1 } tokens && tokens.Single() is { Length: > 0 } token ? token : null;
    }
}
