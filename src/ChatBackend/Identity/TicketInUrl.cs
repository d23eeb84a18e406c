using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace ChatBackend.Identity;

/// <summary>
/// Takes the ticket out of the URL before anything else sees the request: the host logs each URL before the first middleware runs,
/// and so may whatever else is in the application.
/// </summary>
internal sealed class TicketInUrl(IServiceProvider services) : IHttpContextFactory
{
    private const string Parameter = "ticket";

    private readonly DefaultHttpContextFactory _contexts = new(services);

    /// <summary>What the request came with; empty when it came with none.</summary>
    public static StringValues Of(HttpContext context) =>
        context.Features.Get<Presented>()?.Tickets
        ?? (context.Request.QueryString.HasValue ? context.Request.Query[Parameter] : default); // a query is left where the application lies below a path of its own

    public HttpContext Create(IFeatureCollection featureCollection)
    {
        if (featureCollection.Get<IHttpRequestFeature>() is { QueryString.Length: > 1 } request
            && request.Path.TrimEnd('/').Equals(ChatProtocol.Path, StringComparison.OrdinalIgnoreCase))
        {
            TakeOut(featureCollection, request);
        }

        return _contexts.Create(featureCollection);
    }

    public void Dispose(HttpContext httpContext) => _contexts.Dispose(httpContext);

    private static void TakeOut(IFeatureCollection features, IHttpRequestFeature request)
    {
        var query = QueryHelpers.ParseQuery(request.QueryString);
        if (!query.Remove(Parameter, out var tickets))
        {
            return;
        }

        features.Set(new Presented(tickets));
        request.QueryString = QueryString.Create(query).Value ?? "";
        request.RawTarget = request.Path + request.QueryString;
    }

    private sealed record Presented(StringValues Tickets);
}
