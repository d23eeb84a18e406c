namespace ChatBackend.Identity;

/// <summary>Which authentication schemes our endpoints ask, in the order in which they do, beside <c>HttpContext.User</c>.</summary>
internal sealed class SignInSchemes
{
    public bool HasTickets { get; set; }

    public bool HasGuests { get; set; }

    /// <summary>Those that an application added. Before guests, whose scheme takes every bearer token for one of its own.</summary>
    public IList<string> Added { get; } = [];

    public IReadOnlyList<string> InOrder =>
    [
        .. HasTickets ? [ChatAuthentication.TicketScheme] : Array.Empty<string>(),
        .. Added.Distinct(),
        .. HasGuests ? [ChatAuthentication.BearerScheme, ChatAuthentication.CookieScheme] : Array.Empty<string>(),
    ];
}
