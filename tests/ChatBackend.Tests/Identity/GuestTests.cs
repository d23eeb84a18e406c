using System.Net;
using System.Text.Json;
using ChatBackend.Identity;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Identity;

public sealed class GuestTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task Each_request_makes_a_new_guest_whose_token_works()
    {
        await using var app = await StartAsync("Development");
        using var first = await PostAsync(app);
        using var second = await PostAsync(app);

        first.StatusCode.Should().Be(HttpStatusCode.OK);
        first.Headers.CacheControl!.NoStore.Should().BeTrue();
        var guest = await JsonAsync(first);
        guest.EnumerateObject().Select(member => member.Name).Should().Equal("user_id", "token", "expires_at");
        guest.GetProperty("expires_at").GetString().Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");

        var session = app.Services.GetRequiredService<SessionTokens>().Read(guest.GetProperty("token").GetString()!);
        session!.User.Value.Should().Be(guest.GetProperty("user_id").GetString());
        session.ExpiresAt.Should().Be(guest.GetProperty("expires_at").GetDateTimeOffset());
        (await JsonAsync(second)).GetProperty("user_id").GetString().Should().NotBe(session.User.Value);
    }

    [Theory]
    [InlineData("http", false)]
    [InlineData("https", true)]
    public async Task The_cookie_is_for_this_servers_pages_only_and_hidden_from_scripts(string scheme, bool secure)
    {
        await using var app = await StartAsync("Development");
        using var response = await PostAsync(app, scheme);

        var cookie = response.Headers.GetValues("Set-Cookie").Should().ContainSingle().Subject;
        cookie.Should().StartWith($"{(secure ? "__Host-" : "")}chat_session={(await JsonAsync(response)).GetProperty("token").GetString()}; expires=");
        cookie.Split("; ").Should().Contain(["path=/", "samesite=strict", "httponly"]);
        cookie.Contains("secure", StringComparison.Ordinal).Should().Be(secure);
    }

    [Theory]
    [InlineData("Development", null, true)]
    [InlineData("Staging", null, false)]
    [InlineData("Production", null, false)]
    [InlineData("Test", null, false)]
    [InlineData("Production", "true", true)]
    [InlineData("Development", "false", false)]
    [Trait("failure", "C9")]
    public async Task Guests_exist_in_development_or_where_they_are_turned_on(string environment, string? setting, bool enabled)
    {
        await using var app = await StartAsync(environment, ("Guests:Enabled", setting));
        using var response = await PostAsync(app);

        response.StatusCode.Should().Be(enabled ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        if (!enabled)
        {
            response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
            (await JsonAsync(response)).GetProperty("detail").GetString().Should().Contain("disabled");
            response.Headers.Contains("Set-Cookie").Should().BeFalse();
        }
    }

    [Theory]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost", HttpStatusCode.OK)]
    [Trait("failure", "P14")]
    public async Task A_foreign_page_gets_no_guest(string origin, HttpStatusCode status)
    {
        await using var app = await StartAsync("Development");
        using var response = await PostAsync(app, "http", origin);

        response.StatusCode.Should().Be(status);
        response.Headers.Contains("Set-Cookie").Should().Be(status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_outlives_the_process_that_issued_it()
    {
        string token;
        await using (var app = await StartAsync("Development"))
        {
            token = (await JsonAsync(await PostAsync(app))).GetProperty("token").GetString()!;
        }

        await using var successor = await StartAsync("Development");
        successor.Services.GetRequiredService<SessionTokens>().Read(token).Should().NotBeNull();
    }

    [Fact]
    public async Task A_server_that_cannot_read_its_own_tokens_does_not_start()
    {
        var starting = () => StartAsync("Development", services => services.AddSingleton<TimeProvider>(new RunningAway()));

        (await starting.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*keys*clock*");
    }

    private Task<WebApplication> StartAsync(string environment, params (string Key, string? Value)[] settings) => StartAsync(environment, _ => { }, settings);

    private async Task<WebApplication> StartAsync(string environment, Action<IServiceCollection> services, params (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.WebHost.UseTestServer();
        builder.Configuration.AddInMemoryCollection(
            settings.Append(("DataDirectory", _data.FullName)).Select(setting => KeyValuePair.Create(setting.Item1, setting.Item2)));
        services(builder.Services);
        builder.Services.AddIdentity(builder.Configuration);
        builder.Services.AddMetrics().AddSingleton<ChatMetrics>().AddSingleton<Refusals>();
        var app = builder.Build();
        app.MapGuests();
        await app.StartAsync();
        return app;
    }

    private static async Task<HttpResponseMessage> PostAsync(WebApplication app, string scheme = "http", string? origin = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{scheme}://localhost/api/guests");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        return await app.GetTestClient().SendAsync(request);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;

    /// <summary>A clock that goes on by a century each time it is read.</summary>
    private sealed class RunningAway : TimeProvider
    {
        private int _reads;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddYears(100 * _reads++);
    }
}
