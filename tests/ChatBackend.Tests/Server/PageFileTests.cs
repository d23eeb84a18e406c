using System.IO.Compression;
using System.Net;
using System.Text;

namespace ChatBackend.Tests.Server;

/// <summary>How the files of the page are sent, by a page of known files.</summary>
public sealed class PageFileTests(ServedPage page) : IClassFixture<ServedPage>
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types chat";

    private static readonly string[] Paths = ["/", "/index.html", ServedPage.Script, "/assets/icon-9B.svg", "/sw.js", "/manifest.webmanifest", "/icons/icon-192.png"];

    [Theory]
    [InlineData("", null)]
    [InlineData("identity", null)]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, deflate, br, zstd", "br")]
    [InlineData("BR", "br")]
    [InlineData("*", "br")]
    [InlineData("br;q=0.1, gzip;q=0.9", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("br;q=0, *;q=0.5", "gzip")]
    [InlineData("gzip;q=0, br;q=0", null)]
    [InlineData("deflate, zstd", null)]
    [InlineData(";;nonsense", null)]
    public async Task A_file_comes_as_the_browser_reads_it_best_and_caches_keep_the_forms_apart(string accepted, string? coding)
    {
        using var response = await GetAsync(ServedPage.Script, ("Accept-Encoding", accepted));
        var body = await response.Content.ReadAsByteArrayAsync();

        response.Content.Headers.ContentEncoding.Should().Equal(coding is null ? [] : [coding]);
        response.Headers.Vary.Should().Equal("Accept-Encoding");
        response.Content.Headers.ContentType!.ToString().Should().Be("text/javascript; charset=utf-8");
        response.Content.Headers.ContentLength.Should().Be(body.Length);
        Decode(coding, body).Should().Be(ServedPage.Source);
    }

    [Fact]
    public async Task What_is_named_by_its_hash_is_kept_for_ever_and_everything_else_is_asked_for_again()
    {
        foreach (var path in Paths)
        {
            using var response = await GetAsync(path);
            response.StatusCode.Should().Be(HttpStatusCode.OK, path);
            response.Headers.GetValues("Cache-Control").Should().Equal([path.StartsWith("/assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache"], path);
        }
    }

    [Fact]
    public async Task Every_file_comes_under_the_policy_of_the_page_with_its_type()
    {
        var types = new List<string>();
        foreach (var path in Paths)
        {
            using var response = await GetAsync(path);
            response.Headers.GetValues("Content-Security-Policy").Should().Equal([Policy], path);
            response.Headers.GetValues("X-Content-Type-Options").Should().Equal(["nosniff"], path);
            types.Add(response.Content.Headers.ContentType!.ToString());
        }

        types.Should().Equal(
            "text/html; charset=utf-8", "text/html; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml", "text/javascript; charset=utf-8", "application/manifest+json", "image/png");
    }

    [Fact]
    public async Task A_browser_that_has_a_file_is_sent_nothing_and_one_with_another_form_of_it_is()
    {
        var tags = new List<string>();
        foreach (var coding in new[] { "br", "gzip", "" })
        {
            using var response = await GetAsync(ServedPage.Script, ("Accept-Encoding", coding));
            tags.Add(response.Headers.ETag!.ToString());
        }

        tags.Should().OnlyHaveUniqueItems();
        using var same = await GetAsync(ServedPage.Script, ("Accept-Encoding", "br"), ("If-None-Match", tags[0]));
        same.StatusCode.Should().Be(HttpStatusCode.NotModified);
        (await same.Content.ReadAsByteArrayAsync()).Should().BeEmpty();
        same.Headers.GetValues("Cache-Control").Should().Equal("public, max-age=31536000, immutable");
        same.Headers.Vary.Should().Equal("Accept-Encoding");
        using var other = await GetAsync(ServedPage.Script, ("Accept-Encoding", "br"), ("If-None-Match", tags[1]));
        other.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_page_itself_is_asked_for_by_its_etag_which_follows_what_is_in_it()
    {
        await using var changed = new ServedPage();
        var tag = await TagAsync(changed.Server);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "If-None-Match", tag } } };
        using var again = await changed.Server.Http.SendAsync(request);
        again.StatusCode.Should().Be(HttpStatusCode.NotModified);

        // Another machine has files of another time.
        File.SetLastWriteTimeUtc(changed.Of("/index.html"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        await using var elsewhere = changed.Serve();
        (await TagAsync(elsewhere)).Should().Be(tag);
        changed.Write("/index.html", "<!doctype html><title>News</title>");
        await using var later = changed.Serve();
        (await TagAsync(later)).Should().NotBe(tag);
    }

    [Fact]
    public async Task A_build_that_replaces_the_files_changes_nothing_for_the_server_that_runs()
    {
        await using var replaced = new ServedPage();
        Directory.Delete(replaced.Folder, recursive: true);

        using var response = await replaced.Server.Http.GetAsync(new Uri(ServedPage.Script, UriKind.Relative));

        (await response.Content.ReadAsStringAsync()).Should().Be(ServedPage.Source);
    }

    [Fact]
    public async Task A_server_that_was_built_without_the_page_says_so_and_how_to_build_it()
    {
        await using var unbuilt = new ServedPage();
        File.Delete(unbuilt.Of("/index.html"));
        await using var server = unbuilt.Serve();

        using var response = await server.Http.GetAsync(new Uri("/", UriKind.Relative));

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        response.Content.Headers.ContentType!.ToString().Should().Be("text/html; charset=utf-8");
        response.Headers.GetValues("Content-Security-Policy").Should().Equal(Policy);
        (await response.Content.ReadAsStringAsync()).Should().Contain("Node.js 20").And.Contain("dotnet build src/ChatBackend.Server");
        (await server.GuestAsync()).Token.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Head_says_what_get_would_and_ranges_and_other_methods_are_not_served()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, ServedPage.Script);
        using var head = await page.Server.Http.SendAsync(request);
        head.StatusCode.Should().Be(HttpStatusCode.OK);
        head.Content.Headers.ContentLength.Should().Be(Encoding.UTF8.GetByteCount(ServedPage.Source));
        (await head.Content.ReadAsByteArrayAsync()).Should().BeEmpty();

        using var range = await GetAsync(ServedPage.Script, ("Range", "bytes=0-9"));
        range.StatusCode.Should().Be(HttpStatusCode.OK);
        (await range.Content.ReadAsStringAsync()).Should().Be(ServedPage.Source);

        using var posted = await page.Server.Http.PostAsync(new Uri(ServedPage.Script, UriKind.Relative), new StringContent("x"));
        posted.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/assets")]
    [InlineData("/assets/")]
    [InlineData("/icons/")]
    [InlineData("/assets/main-0000.js")]
    [InlineData(ServedPage.Script + ".br")]
    [InlineData(ServedPage.Script + ".gz")]
    [InlineData(ServedPage.Script + "/")]
    [InlineData("/../secret.js")]
    [InlineData("/assets/../../secret.js")]
    [InlineData("/%2e%2e/secret.js")]
    [InlineData("/assets/%2e%2e%2f%2e%2e%2fsecret.js")]
    [InlineData("/assets/..%5c..%5csecret.js")]
    [InlineData("/appsettings.json")]
    [InlineData("/ChatBackend.Server.dll")]
    public async Task What_is_no_file_of_the_page_is_not_found_and_is_not_the_page(string path)
    {
        var (status, body) = await RequestUnchangedAsync(path);

        status.Should().Be(404);
        body.Should().NotContain("secret").And.NotContain("<!doctype").And.NotContain("main-4F2A");
    }

    /// <summary>An <see cref="HttpClient"/> would take the dots out of a path.</summary>
    private async Task<(int Status, string Body)> RequestUnchangedAsync(string path)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, page.Server.Http.BaseAddress!.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();
        return (int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), System.Globalization.CultureInfo.InvariantCulture), answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]);
    }

    private static async Task<string> TagAsync(ChatServer server)
    {
        using var response = await server.Http.GetAsync(new Uri("/", UriKind.Relative));
        return response.Headers.ETag!.ToString();
    }

    private async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers.Where(header => header.Value.Length > 0))
        {
            request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        }

        return await page.Server.Http.SendAsync(request);
    }

    private static string Decode(string? coding, byte[] body)
    {
        using var stream = new MemoryStream(body);
        using Stream decoded = coding switch
        {
            "br" => new BrotliStream(stream, CompressionMode.Decompress),
            "gzip" => new GZipStream(stream, CompressionMode.Decompress),
            _ => stream,
        };
        using var reader = new StreamReader(decoded);
        return reader.ReadToEnd();
    }
}
