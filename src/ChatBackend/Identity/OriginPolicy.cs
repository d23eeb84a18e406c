using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>Where a request comes from, by its <c>Origin</c>.</summary>
internal enum OriginVerdict
{
    /// <summary>The header is absent: no page sent this.</summary>
    None,

    /// <summary>A page of this server.</summary>
    Own,

    /// <summary>A page of an origin in <c>Connections:AllowedOrigins</c>.</summary>
    Allowed,

    /// <summary>Any other page, or a header that cannot be trusted to say.</summary>
    Foreign,
}

/// <summary>
/// Decides who may call from a browser. CORS does not guard WebSockets, and a gateway on localhost can be reached by
/// every page that its owner opens: what is not known is refused.
/// </summary>
internal sealed class OriginPolicy
{
    public const string Refusal =
        "This origin may not connect. If it should, add it to Connections:AllowedOrigins.";

    private readonly HashSet<WebOrigin> _allowed = [];
    private readonly HostNames _names;

    public OriginPolicy(IOptions<ChatBackendOptions> options)
    {
        _names = new HostNames(options);
        foreach (var text in options.Value.Connections.AllowedOrigins)
        {
            _allowed.Add(WebOrigin.Parse(text) ?? throw new OptionsValidationException(
                nameof(ChatBackendOptions.Connections),
                typeof(ChatBackendOptions),
                [$"Connections:AllowedOrigins holds '{text}', which is not an origin. Write it as https://chat.example.com, without a path."]));
        }
    }

    public OriginVerdict Check(HttpContext context)
    {
        var headers = context.Request.Headers.Origin;
        if (headers.Count == 0)
        {
            return OriginVerdict.None;
        }

        if (headers.Count > 1 || WebOrigin.Parse(headers[0]) is not { } origin)
        {
            return OriginVerdict.Foreign;
        }

        var listed = _allowed.Contains(origin);
        if (origin != WebOrigin.Parse($"{context.Request.Scheme}://{context.Request.Host.Value}"))
        {
            return listed ? OriginVerdict.Allowed : OriginVerdict.Foreign;
        }

        return listed || !IsRebound(origin, context.Connection) ? OriginVerdict.Own : OriginVerdict.Foreign;
    }

    /// <summary>Whether a browser says that another page makes it send this. Programs and older browsers say nothing.</summary>
    public static bool IsOfAnotherPage(HttpRequest request) => request.Headers["Sec-Fetch-Site"] is not ([] or ["same-origin"] or ["none"]);

    // A page can make its own name resolve to 127.0.0.1 (DNS rebinding); then Origin and Host agree, and only the address betrays it.
    private bool IsRebound(WebOrigin origin, ConnectionInfo connection) =>
        connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local) && !origin.IsLoopback && !_names.IsNamed(origin.Host);
}
