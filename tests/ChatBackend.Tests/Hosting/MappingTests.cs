using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json;
using ChatBackend.Demo;
using ChatBackend.Identity;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Hosting;

/// <summary>The endpoints below a prefix, in groups, in parts, and with what applications set on their endpoints.</summary>
[Trait("failure", "Q18")]
public sealed class MappingTests
{
    [Fact]
    public async Task Everything_lies_below_the_prefix_and_cookie_and_location_follow_it()
    {
        await using var host = await StartAsync(app => app.MapGroup("/tools").MapChatBackend("/assistant"), guests: true);

        using var guest = await host.SendAsync(HttpMethod.Post, "/tools/assistant/api/guests");
        var cookie = guest.Headers.GetValues("Set-Cookie").Single().Split("; ");
        cookie.Should().Contain("path=/tools/assistant");
        var token = ("Authorization", $"Bearer {await TokenAsync(guest)}");
        using var created = await host.SendAsync(HttpMethod.Post, "/tools/assistant/api/threads", token);
        created.StatusCode.Should().Be(HttpStatusCode.Created);
        (await host.GetAsync(created.Headers.Location!.ToString(), token)).GetProperty("head").GetInt64().Should().Be(0);
        created.Headers.Location!.ToString().Should().StartWith("/tools/assistant/api/threads/thr_");
        (await host.GetAsync("/tools/assistant/api/threads", ("Cookie", cookie[0]))).GetProperty("threads").GetArrayLength().Should().Be(1);
        (await host.GetAsync("/tools/assistant/openapi/chat.json")).GetProperty("paths").TryGetProperty("/tools/assistant/api/threads", out _).Should().BeTrue();
        await using var socket = await host.ConnectAsync("/tools/assistant/ws", ("Cookie", cookie[0]), ("Origin", host.Address.GetLeftPart(UriPartial.Authority)));
        (await socket.ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
        foreach (var path in new[] { "/api/threads", "/ws", "/health/ready", "/tools/api/threads" })
        {
            using var response = await host.SendAsync(HttpMethod.Get, path);
            response.StatusCode.Should().Be(HttpStatusCode.NotFound, path);
        }
    }

    [Theory]
    [InlineData("http://localhost", "chat_session")]
    [InlineData("https://localhost", "__Secure-chat_session")]
    public async Task Below_a_path_the_cookie_has_a_name_that_a_browser_takes_for_a_path(string address, string name)
    {
        await using var host = await StartAsync(
            app =>
            {
                app.Use((http, next) =>
                {
                    http.Request.Scheme = new Uri(address).Scheme;
                    return next(http);
                });
                app.UsePathBase("/outer");
                app.UseRouting();
                app.MapChatBackend("/inner");
            },
            guests: true);

        using var guest = await host.SendAsync(HttpMethod.Post, "/outer/inner/api/guests");
        var cookie = guest.Headers.GetValues("Set-Cookie").Single();
        cookie.Should().StartWith($"{name}=").And.Contain("path=/outer/inner;");
        (await host.GetAsync("/outer/inner/api/threads", ("Cookie", cookie.Split(';')[0]))).GetProperty("threads").GetArrayLength().Should().Be(0);
        using var created = await host.SendAsync(HttpMethod.Post, "/outer/inner/api/threads", ("Authorization", $"Bearer {await TokenAsync(guest)}"));
        created.Headers.Location!.ToString().Should().StartWith("/outer/inner/api/threads/thr_");
    }

    [Fact]
    public async Task What_is_required_of_the_result_is_required_of_each_endpoint_but_of_signing_in()
    {
        await using var host = await StartAsync(app => app.MapChatBackend("/chat").RequireAuthorization(), guests: true);

        foreach (var path in new[] { "/chat/api/threads", "/chat/ws", "/chat/health/ready", "/chat/openapi/chat.json" })
        {
            using var response = await host.SendAsync(HttpMethod.Get, path);
            response.StatusCode.Should().Be(HttpStatusCode.Unauthorized, path);
            response.Content.Headers.ContentType.Should().BeNull("the application's middleware refused it, before the chat saw it");
        }

        using var guest = await host.SendAsync(HttpMethod.Post, "/chat/api/guests");
        guest.StatusCode.Should().Be(HttpStatusCode.OK);
        var cookie = ("Cookie", await host.SignInAsync("ada"));
        (await host.GetAsync("/chat/api/threads", cookie)).GetProperty("threads").GetArrayLength().Should().Be(0);
        await using var socket = await host.ConnectAsync("/chat/ws", cookie);
        (await socket.ReceiveAsync()).GetProperty("user_id").GetString().Should().Be("ada");
    }

    [Fact]
    public async Task A_policy_may_name_our_schemes_and_a_ticket_still_opens_one_connection()
    {
        await using var host = await StartAsync(
            app => app.MapChatBackend().RequireAuthorization(policy => policy.RequireAuthenticatedUser().AddAuthenticationSchemes(
                ChatAuthentication.BearerScheme, ChatAuthentication.CookieScheme, ChatAuthentication.TicketScheme)),
            guests: true);
        using var guest = await host.SendAsync(HttpMethod.Post, "/api/guests");
        var token = ("Authorization", $"Bearer {await TokenAsync(guest)}");
        using var issued = await host.SendAsync(HttpMethod.Post, "/api/tickets", token);
        var ticket = JsonDocument.Parse(await issued.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("ticket").GetString();

        await using (var socket = await host.ConnectAsync($"/ws?ticket={ticket}"))
        {
            (await socket.ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
        }

        (await host.RefusalAsync($"/ws?ticket={ticket}")).Should().Be(HttpStatusCode.Unauthorized);
        await using var again = await host.ConnectAsync("/ws", token);
        (await again.ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
    }

    [Fact]
    public async Task Cors_and_rate_limits_of_the_application_hold()
    {
        await using var host = await StartAsync(
            app =>
            {
                app.UseCors();
                app.UseRateLimiter();
                app.MapChatBackend().RequireCors(policy => policy.WithOrigins("https://app.example.org").AllowAnyHeader()).RequireRateLimiting("three");
            },
            builder: builder =>
            {
                builder.Configuration["Connections:AllowedOrigins:0"] = "https://app.example.org";
                builder.Services.AddCors();
                builder.Services.AddRateLimiter(limits => limits.AddFixedWindowLimiter("three", window => (window.PermitLimit, window.Window) = (3, TimeSpan.FromHours(1))));
            });
        var (cookie, page) = (("Cookie", await host.SignInAsync("ada")), ("Origin", "https://app.example.org"));

        using var listed = await host.SendAsync(HttpMethod.Get, "/api/threads", cookie, page);
        listed.StatusCode.Should().Be(HttpStatusCode.OK);
        listed.Headers.GetValues("Access-Control-Allow-Origin").Should().Equal("https://app.example.org");
        await using var socket = await host.ConnectAsync("/ws", cookie);
        using var healthy = await host.SendAsync(HttpMethod.Get, "/health/live");
        healthy.StatusCode.Should().Be(HttpStatusCode.OK);
        using var fourth = await host.SendAsync(HttpMethod.Get, "/health/live");
        fourth.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Origins_and_host_names_may_be_set_in_code()
    {
        await using var host = await SampleHost.StartAsync(
            configure: builder => builder.Services.AddChatBackend(options =>
            {
                options.Connections.AllowedOrigins.Add("https://app.example.org");
                options.AllowedHosts = "chat.example.com";
            }),
            map: app => app.MapChatBackend());
        var cookie = ("Cookie", await host.SignInAsync("ada"));

        await using var socket = await host.ConnectAsync("/ws", cookie, ("Origin", "https://app.example.org"));
        (await host.RefusalAsync("/ws", cookie, ("Origin", "https://other.example.org"))).Should().Be(HttpStatusCode.Forbidden);
        using var named = await host.SendAsync(HttpMethod.Get, "/api/threads", cookie, ("Host", "chat.example.com"), ("Origin", "http://chat.example.com"));
        using var rebound = await host.SendAsync(HttpMethod.Get, "/api/threads", cookie, ("Host", "other.example.com"), ("Origin", "http://other.example.com"));
        (named.StatusCode, rebound.StatusCode).Should().Be((HttpStatusCode.OK, HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task The_parts_may_lie_apart()
    {
        await using var host = await StartAsync(app =>
        {
            app.MapGroup("/live").MapChatSocket();
            app.MapGroup("/rest").MapChatApi();
            app.MapGroup("/probes").MapChatHealth();
        });
        var cookie = ("Cookie", await host.SignInAsync("ada"));

        await using var socket = await host.ConnectAsync("/live/ws", cookie);
        (await socket.ReceiveAsync()).GetProperty("user_id").GetString().Should().Be("ada");
        (await host.GetAsync("/rest/api/agents", cookie)).GetProperty("agents").GetArrayLength().Should().BePositive();
        using var ready = await host.SendAsync(HttpMethod.Get, "/probes/health/ready");
        ready.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    [Trait("failure", "B28")]
    public async Task Mapped_without_being_added_it_says_what_to_call()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        foreach (var map in new Action[] { () => app.MapChatBackend(), () => app.MapChatSocket(), () => app.MapChatApi(), () => app.MapChatHealth() })
        {
            map.Should().Throw<InvalidOperationException>().WithMessage("*AddChatBackend*");
        }
    }

    [Fact]
    public async Task Problems_are_written_as_the_application_writes_them_and_its_own_endpoints_stay_as_they_are()
    {
        await using var host = await StartAsync(
            app =>
            {
                app.MapChatBackend("/assistant");
                app.MapGet("/shop/{count}", ([Range(1, 5)] int count) => $"{count}");
            },
            builder: application => application.Services.AddProblemDetails(
                options => options.CustomizeProblemDetails = context => context.ProblemDetails.Extensions["shop"] = "books"));
        var cookie = ("Cookie", await host.SignInAsync("ada"));

        using var refused = await host.SendAsync(HttpMethod.Get, "/assistant/api/threads?limit=x", cookie);
        var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        (problem.GetProperty("status").GetInt32(), problem.GetProperty("detail").GetString(), problem.GetProperty("shop").GetString())
            .Should().Be((400, "limit is a number from 1 to 200.", "books"));
        using var unchecked9 = await host.SendAsync(HttpMethod.Get, "/shop/9");
        (await unchecked9.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("9", "the application did not ask for validation");
        using var unread = await host.SendAsync(HttpMethod.Get, "/shop/x");
        unread.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        unread.Content.Headers.ContentType?.MediaType.Should().NotBe("application/problem+json");
    }

    private static Task<SampleHost> StartAsync(Action<WebApplication> map, bool guests = false, Action<WebApplicationBuilder>? builder = null) => SampleHost.StartAsync(
        configure: application =>
        {
            application.Configuration["Guests:Enabled"] = "true";
            var chat = application.Services.AddChatBackend().AddDemo(application.Configuration);
            if (guests)
            {
                chat.AddGuests().AddTickets();
            }

            builder?.Invoke(application);
        },
        map: map);

    private static async Task<string> TokenAsync(HttpResponseMessage guest) =>
        JsonDocument.Parse(await guest.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("token").GetString()!;
}
