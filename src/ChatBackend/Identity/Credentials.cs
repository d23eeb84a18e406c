using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>What a request was given explicitly to say who sends it.</summary>
internal static class Credentials
{
    private const string Scheme = "Bearer";

    /// <summary>The different tokens that came. The same one may come both ways, because proxies strip one header or the other; two different ones are not an identity.</summary>
    public static HashSet<string> TokensOf(HttpRequest request) =>
    [
        .. request.Headers.Authorization.Select(BearerToken),
        .. OfferedProtocols(request)
            .Where(protocol => protocol.StartsWith(ChatProtocol.BearerPrefix, StringComparison.Ordinal))
            .Select(protocol => protocol[ChatProtocol.BearerPrefix.Length..]),
    ];

    public static IEnumerable<string> OfferedProtocols(HttpRequest request) => request.Headers.SecWebSocketProtocol
        .SelectMany(header => (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Empty, which is not a token, for another scheme or none: the header was meant as a credential.</summary>
    public static string BearerToken(string? header) =>
        header is not null && header.StartsWith(Scheme + " ", StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim(' ')
            : "";
}
