using ChatBackend.Identity;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Features;

namespace ChatBackend.Server;

/// <summary>Answers only to names of its own: a page that made another name lead here gets nothing from it.</summary>
internal static class KnownHosts
{
    private const string Refusal = "This server does not answer to that host name. If it should, add the name to AllowedHosts.";

    public static void AddKnownHosts(this WebApplicationBuilder builder)
    {
        // The framework's filter takes every name by default, and where names are listed it refuses this machine's own.
        builder.Services.PostConfigure<HostFilteringOptions>(filter => filter.AllowedHosts = ["*"]);
        builder.Services.PostConfigure<ChatBackendOptions>(options =>
        {
            // A name that the server was told to listen on is one of its own.
            foreach (var address in Addresses.All(builder.Configuration).Where(address => Uri.CheckHostName(address.Host) == UriHostNameType.Dns))
            {
                options.AllowedHosts += $";{address.Host}";
            }
        });
    }

    public static void UseKnownHosts(this WebApplication app)
    {
        var names = app.Services.GetRequiredService<HostNames>();
        // Not async, and no HttpContext.Connection: an open socket stays in every middleware that awaits it, and keeps each object that its request made.
        app.Use(next => http => names.IsOwn(http.Request.Host.Host, http.Features.Get<IHttpConnectionFeature>()?.LocalIpAddress)
            ? next(http)
            : Results.Problem(Refusal, statusCode: StatusCodes.Status400BadRequest).ExecuteAsync(http));
    }
}
