using Microsoft.Extensions.FileProviders;

namespace ChatBackend.Server;

/// <summary>The chat page, and what its browser may do with it: the files that the build put into <c>wwwroot</c>, and no others.</summary>
internal static class Page
{
    // 'self' covers the WebSocket of the same origin too.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types chat";

    private const string Index = "/index.html";

    private const string NotBuilt = """
        <!doctype html>
        <html lang="en"><meta charset="utf-8"><title>Chat</title>
        <p>The page was not built with this server, which otherwise works.
        <p>Install Node.js 20 or later with npm, build again with <code>dotnet build src/ChatBackend.Server</code>, and start the server again.

        """;

    public static void UsePage(this WebApplication app)
    {
        var contents = new Dictionary<string, byte[]>();
        Read(app.Environment.WebRootFileProvider, "", contents);
        var files = PageFile.Of(contents);
        // Not async: an open socket stays in every middleware that awaits it.
        app.Use(next => http =>
        {
            var path = http.Request.Path.Value!;
            if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
            {
                return next(http);
            }

            // Below a path: what the page loads is relative to that path with its slash.
            if (path.Length == 0)
            {
                return Results.Redirect($"{http.Request.PathBase}/{http.Request.QueryString}", permanent: true).ExecuteAsync(http);
            }

            var file = files.GetValueOrDefault(path == "/" ? Index : path);
            if (file is null && path != "/")
            {
                return next(http);
            }

            http.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            return file is null ? Results.Content(NotBuilt, "text/html; charset=utf-8", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(http) : file.SendAsync(http);
        });
    }

    private static void Read(IFileProvider root, string folder, Dictionary<string, byte[]> files)
    {
        foreach (var entry in root.GetDirectoryContents(folder))
        {
            var path = $"{folder}/{entry.Name}";
            if (entry.IsDirectory)
            {
                Read(root, path, files);
                continue;
            }

            using var stream = entry.CreateReadStream();
            var content = new byte[entry.Length];
            stream.ReadExactly(content);
            files[path] = content;
        }
    }
}
