namespace ChatBackend.Server;

/// <summary>The chat page, and what its browser may do with them.</summary>
internal static class Page
{
    // 'self' covers the WebSocket of the same origin too.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void UsePage(this WebApplication app)
    {
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions
        {
            OnPrepareResponse = file =>
            {
                var headers = file.Context.Response.Headers;
                headers.ContentSecurityPolicy = ContentSecurityPolicy;
                // Asked for again each time, by its etag: page and server must be of one version.
                headers.CacheControl = "no-cache";
            },
        });
    }
}
