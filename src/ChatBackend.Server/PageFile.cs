using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace ChatBackend.Server;

/// <summary>A file of the page as it is sent: plain, and compressed where the build made that beside it.</summary>
internal sealed class PageFile
{
    // Best first.
    private static readonly (string Extension, string Coding)[] Codings = [(".br", "br"), (".gz", "gzip")];

    private static readonly FileExtensionContentTypeProvider ContentTypes = new();

    private readonly string _contentType;
    private readonly string _cacheControl;
    private readonly Body _plain;
    private readonly Body[] _compressed;

    private PageFile(string path, IReadOnlyDictionary<string, byte[]> files)
    {
        if (!ContentTypes.TryGetContentType(path, out var type))
        {
            throw new InvalidOperationException($"wwwroot{path} has a name that says no content type.");
        }

        _contentType = type.StartsWith("text/", StringComparison.Ordinal) ? $"{type}; charset=utf-8" : type;
        // Names below assets hold a hash of what is in them. The others stay, and page and server must be of one version.
        _cacheControl = path.StartsWith("/assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        _plain = new Body(null, files[path]);
        _compressed = [.. Codings.Where(coding => files.ContainsKey(path + coding.Extension)).Select(coding => new Body(coding.Coding, files[path + coding.Extension]))];
    }

    /// <summary>All files of a page, by their paths. They stay in memory: a build that replaces them cannot mix two versions.</summary>
    /// <param name="files">Contents by path, with a slash in front.</param>
    public static FrozenDictionary<string, PageFile> Of(IReadOnlyDictionary<string, byte[]> files) => files.Keys
        .Where(path => !Codings.Any(coding => path.EndsWith(coding.Extension, StringComparison.Ordinal)))
        .ToFrozenDictionary(path => path, path => new PageFile(path, files));

    public Task SendAsync(HttpContext http)
    {
        var body = Choose(http.Request);
        var headers = http.Response.Headers;
        headers.CacheControl = _cacheControl;
        headers.ContentEncoding = body.Coding;
        if (_compressed.Length > 0)
        {
            headers.Vary = HeaderNames.AcceptEncoding;
        }

        return Results.Bytes(body.Content, _contentType, entityTag: body.Tag).ExecuteAsync(http);
    }

    private Body Choose(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        return _compressed.Select(body => (Body: body, Quality: QualityOf(body.Coding!, accepted)))
            .Where(choice => choice.Quality > 0)
            .OrderByDescending(choice => choice.Quality)
            .Select(choice => choice.Body)
            .FirstOrDefault(_plain);
    }

    private static double QualityOf(string coding, IList<StringWithQualityHeaderValue> accepted)
    {
        var value = accepted.FirstOrDefault(value => value.Value.Equals(coding, StringComparison.OrdinalIgnoreCase)) ?? accepted.FirstOrDefault(value => value.Value == "*");
        return value is null ? 0 : value.Quality ?? 1;
    }

    private sealed class Body(string? coding, byte[] content)
    {
        public string? Coding => coding;

        public byte[] Content => content;

        /// <summary>Of what is in it, so that it is the same on every machine that has this version.</summary>
        public EntityTagHeaderValue Tag { get; } = new($"\"{Base64Url.EncodeToString(SHA256.HashData(content).AsSpan(0, 16))}\"");
    }
}
