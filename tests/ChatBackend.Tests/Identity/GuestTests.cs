using System.Net;
using System.Text.Json;
using ChatBackend.Identity;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

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

    [Theory]
    [InlineData(null, "cross-site", HttpStatusCode.Forbidden)]
    [InlineData(null, "same-site", HttpStatusCode.Forbidden)]
    [InlineData(null, "same-origin", HttpStatusCode.OK)]
    [InlineData("http://localhost", "cross-site", HttpStatusCode.OK)]
    [Trait("failure", "P14")]
    public async Task Nor_does_a_page_that_hides_where_it_is_from(string? origin, string site, HttpStatusCode status)
    {
        await using var app = await StartAsync("Development");
        using var response = await PostAsync(app, "http", origin, site);

        response.StatusCode.Should().Be(status);
    }

    [Theory]
    [InlineData("https://evil.example", null, "foreign_origin", "This origin may not connect. If it should, add it to Connections:AllowedOrigins.")]
    [InlineData(null, "false", "guests_disabled", "Guests are disabled here. Guests:Enabled turns them on.")]
    public async Task A_refusal_is_explained_and_counted_by_its_reason(string? origin, string? enabled, string reason, string detail)
    {
        await using var app = await StartAsync("Development", ("Guests:Enabled", enabled));
        using var response = await PostAsync(app, "http", origin);

        (await JsonAsync(response)).GetProperty("detail").GetString().Should().Be(detail);
        app.Services.Gauge("chat.requests.refused", reason).Should().Be(1);
    }

    [Fact]
    public async Task A_token_outlives_the_process_that_issued_it_also_when_the_server_was_moved()
    {
        string token;
        await using (var app = await StartAsync("Development"))
        {
            token = (await JsonAsync(await PostAsync(app))).GetProperty("token").GetString()!;
        }

        Directory.EnumerateFiles(Path.Combine(_data.FullName, "keys"), "key-*.xml").Should().ContainSingle();
        await using var successor = await StartAsync("Development", _ => { }, _data.FullName);
        successor.Services.GetRequiredService<SessionTokens>().Read(token).Should().NotBeNull();
    }

    [Fact]
    public async Task All_of_identity_is_there_and_names_of_the_server_come_from_the_setting()
    {
        await using var app = await StartAsync("Development", ("AllowedHosts", "chat.example.com; *.example.org;"));

        var names = app.Services.GetRequiredService<HostNames>();
        new[] { "chat.example.com", "a.example.org", "example.org", "" }.Select(names.IsNamed).Should().Equal(true, true, false, false);
        app.Services.GetRequiredService<IHttpContextFactory>().Should().BeOfType<DefaultHttpContextFactory>();
        var (tokens, tickets) = (app.Services.GetRequiredService<SessionTokens>(), app.Services.GetRequiredService<Tickets>());
        var (token, session) = tokens.Issue(IdentityFixture.Ada);
        tickets.Redeem(tickets.Issue(session).Ticket).Should().Be(session);
        var context = new DefaultHttpContext { RequestServices = app.Services };
        context.Request.Headers.Authorization = $"Bearer {token}";
        (await app.Services.GetRequiredService<UpgradeIdentity>().DecideAsync(context)).Should().Be(new Admission.Accepted(session, null));
        (await app.Services.GetRequiredService<ApiIdentity>().DecideAsync(context)).Should().Be(new Admission.Accepted(session, null));
        session.ExpiresAt.Should().BeCloseTo(TimeProvider.System.GetUtcNow().AddDays(30), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_session_that_would_be_over_at_once_ends_the_start()
    {
        var starting = () => StartAsync("Development", ("Guests:TokenLifetime", "00:00:59"));

        (await starting.Should().ThrowAsync<OptionsValidationException>()).WithMessage("*TokenLifetime*");
    }

    [Fact]
    public async Task A_server_that_cannot_read_its_own_tokens_does_not_start()
    {
        var starting = () => StartAsync("Development", services => services.AddSingleton<TimeProvider>(new RunningAway()));

        (await starting.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*keys*clock*");
    }

    private Task<WebApplication> StartAsync(string environment, params (string Key, string? Value)[] settings) => StartAsync(environment, _ => { }, null, settings);

    private async Task<WebApplication> StartAsync(string environment, Action<IServiceCollection> services, string? folder = null, params (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment, ContentRootPath = folder });
        builder.WebHost.UseTestServer();
        builder.Configuration.AddInMemoryCollection(
            settings.Append(("DataDirectory", _data.FullName)).Select(setting => KeyValuePair.Create(setting.Item1, setting.Item2)));
        services(builder.Services);
        builder.Services.AddIdentity().AddGuestSignIn().AddTicketSignIn();
        builder.Services.AddMetrics().AddSingleton<ChatMetrics>().AddSingleton<Refusals>();
        var app = builder.Build();
        app.MapGuests();
        await app.StartAsync();
        return app;
    }

    private static async Task<HttpResponseMessage> PostAsync(WebApplication app, string scheme = "http", string? origin = null, string? site = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{scheme}://localhost/api/guests");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
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
