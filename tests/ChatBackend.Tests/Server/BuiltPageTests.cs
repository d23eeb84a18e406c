using System.Net;
using System.Text.RegularExpressions;

namespace ChatBackend.Tests.Server;

/// <summary>The page as the build of this checkout made it.</summary>
public sealed partial class BuiltPageTests
{
    [Fact]
    public async Task What_the_page_names_is_there_relative_hashed_and_compressed_and_no_sources_are()
    {
        await using var server = new ChatServer();
        using var index = await server.Http.GetAsync(new Uri("/", UriKind.Relative));
        index.StatusCode.Should().Be(HttpStatusCode.OK, "Node.js 20 or later builds the page");
        var named = Address().Matches(await index.Content.ReadAsStringAsync()).Select(match => match.Groups["to"].Value).ToList();

        named.Should().Contain("manifest.webmanifest").And.Contain(path => Hashed().IsMatch(path));
        foreach (var path in named.Append("sw.js"))
        {
            path.Should().NotStartWith("/").And.NotContain(":");
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept-Encoding", "gzip, br" } } };
            using var response = await server.Http.SendAsync(request);
            response.StatusCode.Should().Be(HttpStatusCode.OK, path);
            response.Content.Headers.ContentEncoding.Should().Equal(path.EndsWith(".png", StringComparison.Ordinal) ? [] : ["br"], path);
            (response.Headers.CacheControl!.MaxAge > TimeSpan.FromDays(300)).Should().Be(Hashed().IsMatch(path), path);
        }

        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "wwwroot"), "*", SearchOption.AllDirectories).Should()
            .NotContain(path => path.Contains(".map", StringComparison.Ordinal) || path.EndsWith(".ts", StringComparison.Ordinal) || path.EndsWith(".complete", StringComparison.Ordinal));
    }

    [GeneratedRegex("(?:src|href)=\"(?<to>[^\"]*)\"")]
    private static partial Regex Address();

    [GeneratedRegex("^assets/[a-z]+-[0-9A-Z]{8}\\.(js|css)$")]
    private static partial Regex Hashed();
}
