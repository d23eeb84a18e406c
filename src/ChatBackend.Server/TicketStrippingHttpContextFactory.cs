using ChatBackend.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace ChatBackend.Server;

/// <summary>
/// Takes the ticket out of the URL before anything else sees the request: the host logs each URL before the first middleware runs,
/// and so may whatever else is in the application.
/// </summary>
internal sealed class TicketStrippingHttpContextFactory(IServiceProvider services) : IHttpContextFactory
{
    private readonly DefaultHttpContextFactory _contexts = new(services);

    public HttpContext Create(IFeatureCollection featureCollection)
    {
        if (featureCollection.Get<IHttpRequestFeature>() is { QueryString.Length: > 1 } request && PresentedTicket.IsTaken(request.Path))
        {
            TakeOut(featureCollection, request);
        }

        return _contexts.Create(featureCollection);
    }

    public void Dispose(HttpContext httpContext) => _contexts.Dispose(httpContext);

    private static void TakeOut(IFeatureCollection features, IHttpRequestFeature request)
    {
        var query = QueryHelpers.ParseQuery(request.QueryString);
        if (!query.Remove(PresentedTicket.Parameter, out var tickets))
        {
            return;
        }

        features.Set(new PresentedTicket(tickets));
        request.QueryString = QueryString.Create(query).Value ?? "";
        request.RawTarget = request.Path + request.QueryString;
    }
}
