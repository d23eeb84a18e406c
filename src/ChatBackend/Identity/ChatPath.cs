using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace ChatBackend.Identity;

/// <summary>Endpoint metadata: how many segments of the path lie before our own, as the prefix that the endpoint was mapped below.</summary>
internal sealed class ChatPath
{
    private readonly int _prefixSegments;

    private ChatPath(int prefixSegments) => _prefixSegments = prefixSegments;

    /// <summary>Marks endpoints with the prefix that they end up below, in any group.</summary>
    /// <param name="first">The first segment of our own.</param>
    public static TBuilder WithChatPath<TBuilder>(TBuilder endpoints, string first)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint =>
        {
            if (endpoint is RouteEndpointBuilder route)
            {
                var index = route.RoutePattern.PathSegments.ToList().FindLastIndex(
                    segment => segment.Parts is [RoutePatternLiteralPart literal] && literal.Content == first);
                endpoint.Metadata.Add(new ChatPath(index));
            }
        });
        return endpoints;
    }

    /// <summary>Where the chat lies as a browser sees it: <c>/assistant</c>, or nothing when it has the whole host. Escaped, for a cookie or a header.</summary>
    public static string Of(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        var end = 0;
        for (var left = http.GetEndpoint()?.Metadata.GetMetadata<ChatPath>()?._prefixSegments ?? 0; left > 0 && end < path.Length; left--)
        {
            end = path.IndexOf('/', end + 1) is > 0 and var next ? next : path.Length;
        }

        return http.Request.PathBase.ToUriComponent().TrimEnd('/') + new PathString(path[..end]).ToUriComponent();
    }
}
