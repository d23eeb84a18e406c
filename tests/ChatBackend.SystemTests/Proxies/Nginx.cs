using System.Diagnostics;

namespace ChatBackend.SystemTests.Proxies;

/// <summary>A real nginx in front of a server, on a free loopback port, which serves it below a path. Stopped by its pid on dispose.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;

    private Nginx(Process process, string directory, Uri address) => (_process, _directory, Address) = (process, directory, address);

    public Uri Address { get; }

    /// <summary>For a location, which takes over none of the headers around it once it sets one itself.</summary>
    public const string Headers =
        "proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header X-Forwarded-For $remote_addr;";

    /// <param name="location">What stands in nginx's configuration about the server; <c>{upstream}</c> is its address.</param>
    public static async Task<Nginx> StartAsync(Uri upstream, string location)
    {
        var directory = Directory.CreateTempSubdirectory("chat-nginx-").FullName;
        var port = Loopback.FreePort();
        await File.WriteAllTextAsync(Path.Combine(directory, "nginx.conf"), $$"""
            daemon off;
            master_process off;
            pid {{directory}}/pid;
            error_log stderr;
            events { }
            http {
              access_log off;
              client_body_temp_path {{directory}}/body; proxy_temp_path {{directory}}/proxy; fastcgi_temp_path {{directory}}/fastcgi;
              uwsgi_temp_path {{directory}}/uwsgi; scgi_temp_path {{directory}}/scgi;
              server {
                listen 127.0.0.1:{{port}};
                proxy_http_version 1.1;
                {{location.Replace("{upstream}", upstream.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)}}
              }
            }
            """);
        var process = Process.Start(new ProcessStartInfo("nginx", ["-e", "stderr", "-p", directory, "-c", Path.Combine(directory, "nginx.conf")]))!;
        var nginx = new Nginx(process, directory, new Uri($"http://127.0.0.1:{port}"));
        await Loopback.UntilAnsweredAsync(nginx.Address);
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
