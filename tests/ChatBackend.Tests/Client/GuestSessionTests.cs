using System.Net;
using System.Text;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

public sealed class GuestSessionTests : IDisposable
{
    private const string Body = """{"user_id":"usr_1","token":"t0ps3cret","expires_at":"2999-11-23T09:30:00.1230000+00:00"}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chat-client-");
    private readonly Server _server = new();
    private readonly HttpClient _http;

    public GuestSessionTests() => _http = new HttpClient(_server) { BaseAddress = new Uri("http://chat.example") };

    private string File => Path.Combine(_folder.FullName, "guest.json");

    public void Dispose()
    {
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_guest_is_asked_for_as_JSON_and_printed_without_its_token()
    {
        var guest = await GuestSession.CreateAsync(_http, TestContext.Current.CancellationToken);

        guest.Should().Be(new GuestSession(new UserId("usr_1"), "t0ps3cret", new DateTimeOffset(2999, 11, 23, 9, 30, 0, 123, TimeSpan.Zero)));
        guest.ToString().Should().Be("usr_1 until 2999-11-23T09:30:00.1230000+00:00");
        _server.Asked.Should().Equal("POST http://chat.example/api/guests application/json");
        await FluentActions.Awaiting(() => GuestSession.CreateAsync(null!)).Should().ThrowAsync<ArgumentNullException>();
    }

    [Fact]
    public async Task A_refusal_is_thrown_with_its_status_and_leaves_no_file()
    {
        _server.Status = HttpStatusCode.TooManyRequests;

        (await FluentActions.Awaiting(() => GuestSession.OpenAsync(_http, File)).Should().ThrowAsync<HttpRequestException>()).Which.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);

        _folder.GetFiles().Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"user_id":"usr_1","token":"t"}""")]
    [InlineData("""{"user_id":"usr_1","expires_at":"2999-11-23T09:30:00Z"}""")]
    [InlineData("""{"token":"t","expires_at":"2999-11-23T09:30:00Z"}""")]
    [InlineData("""{"user_id":7,"token":"t","expires_at":"2999-11-23T09:30:00Z"}""")]
    [InlineData("""{"user_id":"usr_1","token":"t","expires_at":"tomorrow"}""")]
    [InlineData("[]")]
    public async Task A_file_that_holds_no_guest_is_refused_and_left_alone(string json)
    {
        await System.IO.File.WriteAllTextAsync(File, json);

        await FluentActions.Awaiting(() => GuestSession.OpenAsync(_http, File)).Should().ThrowAsync<JsonException>().WithMessage("The file does not hold a guest.");

        (await System.IO.File.ReadAllTextAsync(File)).Should().Be(json);
        _server.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task A_guest_that_is_kept_comes_back_and_one_that_has_expired_is_replaced()
    {
        var first = await GuestSession.OpenAsync(_http, File);
        JsonElement.Parse(await System.IO.File.ReadAllTextAsync(File)).EnumerateObject().Select(member => member.Name).Should().Equal("user_id", "token", "expires_at");
        (await GuestSession.OpenAsync(_http, File)).Should().Be(first);
        _server.Asked.Should().ContainSingle();
        _folder.GetFiles().Should().ContainSingle("what was written aside is in its place");

        await System.IO.File.WriteAllTextAsync(File, Body.Replace("2999", "1999", StringComparison.Ordinal).Replace("usr_1", "usr_0", StringComparison.Ordinal));
        (await GuestSession.OpenAsync(_http, File)).Should().Be(first);
        _server.Asked.Should().HaveCount(2);
        (await GuestSession.OpenAsync(_http, File)).Should().Be(first);
        _server.Asked.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_file_with_a_token_is_its_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such rights.");
        await GuestSession.OpenAsync(_http, File);

        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.GetUnixFileMode(File).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private sealed class Server : HttpMessageHandler
    {
        public List<string> Asked { get; } = [];

        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add($"{request.Method} {request.RequestUri} {request.Headers.Accept}");
            return Task.FromResult(new HttpResponseMessage(Status) { Content = new StringContent(Body, Encoding.UTF8, "application/json") });
        }
    }
}
