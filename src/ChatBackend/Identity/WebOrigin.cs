using System.Net;

namespace ChatBackend.Identity;

/// <summary>Scheme, host and port of a page, as a browser writes them in <c>Origin</c>.</summary>
internal readonly record struct WebOrigin(string Scheme, string Host, int Port)
{
    /// <summary>Whether only this machine can be meant by the host.</summary>
    public bool IsLoopback => IsLoopbackHost(Host);

    public static bool IsLoopbackHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>Null for what no browser writes: a path, user info, another scheme, <c>null</c>, anything to be normalised.</summary>
    public static WebOrigin? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)
            || !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https"))
        {
            return null;
        }

        var origin = new WebOrigin(uri.Scheme, uri.Host, uri.Port);
        var written = $"{uri.Scheme}://{uri.Host}";
        // Uri forgives much ("http:\\host", "http://0x7f.1", a path): only what comes out as it went in is an origin.
        return text.Equals($"{written}:{uri.Port}", StringComparison.OrdinalIgnoreCase)
            || (uri.IsDefaultPort && text.Equals(written, StringComparison.OrdinalIgnoreCase))
                ? origin
                : null;
    }
}
