using System.IO.Compression;
using System.Text;

namespace ChatBackend.Tests.Server;

/// <summary>A server with a page of known files, in a folder beside which lies one that is none of the page's.</summary>
public sealed class ServedPage : IAsyncDisposable
{
    public const string Script = "/assets/main-4F2A.js";

    public static readonly string Source = string.Concat(Enumerable.Repeat("export const words = 'Grüße';\n", 40));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chat-page-");

    public ServedPage()
    {
        Write("/index.html", "<!doctype html><title>Chat</title>");
        Write(Script, Source);
        Write("/assets/icon-9B.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
        Write("/sw.js", "// worker");
        Write("/manifest.webmanifest", "{}");
        Write("/icons/icon-192.png", "png");
        Write("/../secret.js", "secret");
        Compress(".br", stream => new BrotliStream(stream, CompressionLevel.SmallestSize));
        Compress(".gz", stream => new GZipStream(stream, CompressionLevel.SmallestSize));
        Server = Serve();
    }

    internal ChatServer Server { get; }

    public string Folder => Path.Combine(_folder.FullName, "page");

    /// <summary>Another server of the files as they are now.</summary>
    internal ChatServer Serve() => new(("webroot", Folder));

    public string Of(string path) => Path.Combine(Folder, path[1..]);

    public void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Of(path))!);
        File.WriteAllText(Of(path), content);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void Compress(string extension, Func<Stream, Stream> open)
    {
        using var compressed = open(File.Create(Of(Script) + extension));
        compressed.Write(Encoding.UTF8.GetBytes(Source));
    }
}
