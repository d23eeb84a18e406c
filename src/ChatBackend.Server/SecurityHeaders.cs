using ChatBackend.Identity;

namespace ChatBackend.Server;

/// <summary>What every answer tells a browser, errors and refusals included, unless it says something of its own.</summary>
internal static class SecurityHeaders
{
    public static void UseSecurityHeaders(this WebApplication app) =>
        // Not async: an open socket stays in every middleware that awaits it.
        app.Use(next => http =>
        {
            http.Response.OnStarting(Add, http);
            return next(http);
        });

    // Just before the answer begins: an error clears what was set earlier.
    private static Task Add(object state)
    {
        var http = (HttpContext)state;
        if (http.Response.StatusCode == StatusCodes.Status101SwitchingProtocols)
        {
            return Task.CompletedTask;
        }

        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.TryAdd("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        headers.TryAdd("Cache-Control", "no-store");
        if (http.Request.IsHttps && !WebOrigin.IsLoopbackHost(http.Request.Host.Host))
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }

        return Task.CompletedTask;
    }
}
