using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ChatBackend.Identity;

/// <summary>The ticket of an upgrade: what the host took out of its URL, where a host does that, or what stands there.</summary>
internal sealed record PresentedTicket(StringValues Tickets)
{
    public const string Parameter = "ticket";

    /// <summary>Whether a path is that of the socket, below whichever prefix. Nowhere else does a ticket count.</summary>
    public static bool IsTaken(PathString path) => (path.Value ?? "").TrimEnd('/').EndsWith(ChatProtocol.Path, StringComparison.OrdinalIgnoreCase);

    /// <summary>Empty when the request came with none.</summary>
    public static StringValues Of(HttpContext context) =>
        context.Features.Get<PresentedTicket>()?.Tickets
        ?? (context.Request.QueryString.HasValue && IsTaken(context.Request.Path) ? context.Request.Query[Parameter] : default);
}
