using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatBackend.SystemTests.Container;

/// <summary>
/// In place of the public base image, which tests do not fetch: one of the same shape (a runtime, its libraries, the user 1654 with a home, no shell), made of
/// the runtime of this machine, in a registry on loopback that speaks as much of the protocol as the SDK asks for.
/// </summary>
internal sealed class BaseImage : IAsyncDisposable
{
    private const string Script = """
        set -e
        root=$0/root
        mkdir -p "$root/usr/share/dotnet/shared" "$root/etc" "$root/home/app" "$root/tmp" "$root/proc" "$root/dev"
        for framework in "$1" "$2"; do
          name=$(basename "$(dirname "$framework")")
          mkdir -p "$root/usr/share/dotnet/shared/$name"
          cp -r "$framework" "$root/usr/share/dotnet/shared/$name/"
        done
        cp -r "$1/../../../host" "$root/usr/share/dotnet/"
        { find "$1" -name '*.so' -exec ldd {} \; | sed -n 's/^.*\s\(\/[^ ]*\) (0x.*$/\1/p'; ldconfig -p | grep -o '/.*/lib\(ssl\|crypto\)\.so\.3$'; } | sort -u | xargs -I{} cp -L --parents {} "$root"
        echo 'app:x:1654:1654::/home/app:/usr/sbin/nologin' > "$root/etc/passwd"
        chown 1654:1654 "$root/home/app"
        tar -C "$root" --numeric-owner -cf "$0/layer.tar" .
        gzip -1 -k "$0/layer.tar"
        """;

    private const string Docker = "application/vnd.docker.";

    private readonly WebApplication _registry;

    private BaseImage(WebApplication registry) => _registry = registry;

    /// <summary>As <c>ContainerBaseImage</c> takes it.</summary>
    public string Name => $"localhost:{new Uri(_registry.Urls.Single()).Port}/runtime:10.0";

    /// <param name="folder">Where its parts are made.</param>
    public static async Task<BaseImage> StartAsync(string folder)
    {
        var aspNetCore = Path.GetDirectoryName(typeof(WebApplication).Assembly.Location)!;
        await Shell.RunAsync("sh", "-c", Script, folder, RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/'), aspNetCore);
        var layer = await File.ReadAllBytesAsync(Path.Combine(folder, "layer.tar.gz"));
        await using var plain = File.OpenRead(Path.Combine(folder, "layer.tar"));
        var config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
            os = "linux",
            config = new { User = "1654", Env = new[] { "ASPNETCORE_HTTP_PORTS=8080", "DOTNET_RUNNING_IN_CONTAINER=true", "APP_UID=1654" } },
            rootfs = new { type = "layers", diff_ids = new[] { Digest(await SHA256.HashDataAsync(plain)) } },
            history = Array.Empty<object>(),
        });
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = Docker + "distribution.manifest.v2+json",
            config = new { mediaType = Docker + "container.image.v1+json", size = config.Length, digest = DigestOf(config) },
            layers = new[] { new { mediaType = Docker + "image.rootfs.diff.tar.gzip", size = layer.Length, digest = DigestOf(layer) } },
        });

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var registry = builder.Build();
        var blobs = new Dictionary<string, byte[]> { [DigestOf(config)] = config, [DigestOf(layer)] = layer };
        registry.MapMethods("/v2/runtime/manifests/{reference}", ["GET", "HEAD"], (HttpContext http) =>
        {
            http.Response.Headers["Docker-Content-Digest"] = DigestOf(manifest);
            return Results.Bytes(manifest, Docker + "distribution.manifest.v2+json");
        });
        registry.MapMethods("/v2/runtime/blobs/{digest}", ["GET", "HEAD"], (string digest) =>
            blobs.TryGetValue(digest, out var blob) ? Results.Bytes(blob, "application/octet-stream") : Results.NotFound());
        await registry.StartAsync();
        return new BaseImage(registry);
    }

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    private static string DigestOf(byte[] content) => Digest(SHA256.HashData(content));

    private static string Digest(byte[] hash) => $"sha256:{Convert.ToHexStringLower(hash)}";
}
