using System.Net;
using System.Text.Json;
using ChatBackend.Demo;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Shop;

namespace ChatBackend.Tests.Hosting;

/// <summary>An application that takes the chat backend in keeps what it has, and its users are the chat's.</summary>
[Trait("failure", "Q27")]
public sealed class GuestInItsHostTests : IDisposable
{
    private const string Script = """{"steps":[{"say":"done"}]}""";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sample-host-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task The_applications_clock_shutdown_time_and_contexts_stay_its_own()
    {
        var clock = new ShiftedTime { Shift = TimeSpan.FromDays(400) };
        await using var host = await StartAsync(clock: clock);

        host.App.Services.GetRequiredService<TimeProvider>().Should().BeSameAs(clock);
        host.App.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout.Should().Be(ShopApplication.ShutdownTimeout);
        host.App.Services.GetRequiredService<IHttpContextFactory>().Should().BeOfType<DefaultHttpContextFactory>();
        await using var ada = await host.ConnectAsync("/ws", ("Cookie", await host.SignInAsync("ada")));
        (await ada.ReceiveAsync()).GetProperty("server_time").GetDateTimeOffset().Should().BeCloseTo(clock.GetUtcNow(), TimeSpan.FromMinutes(5), "the chat goes by the application's clock");
    }

    [Fact]
    [Trait("failure", "Q27")]
    public async Task An_application_whose_clock_is_ahead_ends_as_any_other()
    {
        for (var i = 0; i < 10; i++)
        {
            await using var host = await StartAsync(clock: new ShiftedTime { Shift = TimeSpan.FromDays(400) });
            await host.SignInAsync("ada");
        }
    }

    [Fact]
    public async Task A_cookie_that_the_application_sealed_without_the_chat_counts_with_it_and_the_other_way_round()
    {
        string before;
        await using (var without = await SampleHost.StartAsync(_directory))
        {
            before = await without.SignInAsync("ada");
        }

        string after;
        await using (var with = await StartAsync())
        {
            await IsAsync(with, before, "ada");
            after = await with.SignInAsync("ben");
            with.App.Services.GetRequiredService<IOptions<DataProtectionOptions>>().Value.ApplicationDiscriminator.Should().Be(ShopApplication.Name);
        }

        await using (var without = await SampleHost.StartAsync(_directory))
        {
            await IsAsync(without, after, "ben");
        }

        Directory.GetFiles(SampleHost.KeysOf(_directory)).Should().ContainSingle();
        Directory.GetFiles(SampleHost.ChatKeysOf(_directory)).Should().ContainSingle().Which.Should().NotBe(Directory.GetFiles(SampleHost.KeysOf(_directory)).Single());

        static async Task IsAsync(SampleHost host, string cookie, string user)
        {
            using var me = await host.SendAsync(HttpMethod.Get, "/host/me", ("Cookie", cookie));
            (await me.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be(user);
        }
    }

    [Fact]
    public async Task The_applications_document_has_its_own_endpoints_and_none_of_the_chats()
    {
        await using var host = await StartAsync();

        Paths(await host.GetAsync("/openapi/v1.json")).Should().BeEquivalentTo("/sign-in/{user}", "/host/me");
        Paths(await host.GetAsync("/openapi/chat.json")).Should().Contain("/api/threads").And.OnlyContain(path => path.StartsWith("/api/", StringComparison.Ordinal));

        static IEnumerable<string> Paths(JsonElement document) => document.GetProperty("paths").EnumerateObject().Select(path => path.Name);
    }

    [Fact]
    public async Task Health_checks_of_the_same_name_do_not_collide()
    {
        await using var host = await StartAsync(map: app => app.MapHealthChecks("/host/health", new() { Predicate = check => check.Tags.Contains("ready") }));

        using var own = await host.SendAsync(HttpMethod.Get, "/host/health");
        using var ready = await host.SendAsync(HttpMethod.Get, "/health/ready");
        (own.StatusCode, ready.StatusCode).Should().Be((HttpStatusCode.OK, HttpStatusCode.OK));
    }

    [Fact]
    public async Task Two_users_of_the_applications_sign_in_chat_apart_without_a_token_of_ours()
    {
        await using var host = await StartAsync();
        var (adas, bens) = (("Cookie", await host.SignInAsync("ada")), ("Cookie", await host.SignInAsync("ben")));
        await using var ada = await host.ConnectAsync("/ws", adas);
        await using var ben = await host.ConnectAsync("/ws", bens);
        (await ada.ReceiveAsync()).GetProperty("user_id").GetString().Should().Be("ada");
        (await ben.ReceiveAsync()).GetProperty("user_id").GetString().Should().Be("ben");

        await ada.SendAsync(JsonSerializer.Serialize(new { type = "chat", id = "a1", content = Script, agent = "script" }));
        var thread = (await UntilAsync(ada, "ack")).GetProperty("thread_id").GetString()!;
        (await UntilAsync(ada, "agent_completed")).GetProperty("content").GetString().Should().Be("done");
        await ben.SendAsync(JsonSerializer.Serialize(new { type = "follow", id = "b1", thread_id = thread }));
        await ben.SendAsync(JsonSerializer.Serialize(new { type = "chat", id = "b2", content = Script, agent = "script", thread_id = thread }));

        foreach (var id in new[] { "b1", "b2" })
        {
            var refused = await ben.ReceiveAsync(); // the next frame after the first one: nothing of ada's came
            refused.GetProperty("id").GetString().Should().Be(id);
            refused.GetProperty("code").GetString().Should().Be("not_found");
        }

        await ben.SendAsync(JsonSerializer.Serialize(new { type = "chat", id = "b3", content = Script, agent = "script" }));
        (await UntilAsync(ben, "agent_completed")).GetProperty("content").GetString().Should().Be("done");
        (await host.GetAsync("/api/threads", adas)).GetProperty("threads").EnumerateArray().Should().ContainSingle().Which.GetProperty("thread_id").GetString().Should().Be(thread);
        (await host.GetAsync("/api/threads", bens)).GetProperty("threads").EnumerateArray().Should().ContainSingle().Which.GetProperty("thread_id").GetString().Should().NotBe(thread);
    }

    [Fact]
    public async Task Who_is_not_signed_in_is_refused_and_there_is_no_other_way_in()
    {
        await using var host = await StartAsync();
        var cookie = ("Cookie", await host.SignInAsync("ada"));

        (await host.RefusalAsync("/ws")).Should().Be(HttpStatusCode.Unauthorized);
        (await host.RefusalAsync("/ws", cookie, ("Origin", "https://evil.example"))).Should().Be(HttpStatusCode.Forbidden);
        using var threads = await host.SendAsync(HttpMethod.Get, "/api/threads");
        await RestClient.ProblemOfAsync(threads, 401);
        using var foreign = await host.SendAsync(HttpMethod.Get, "/api/threads", cookie, ("Sec-Fetch-Site", "cross-site"));
        await RestClient.ProblemOfAsync(foreign, 403);
        foreach (var path in new[] { "/api/guests", "/api/tickets" })
        {
            using var response = await host.SendAsync(HttpMethod.Post, path, cookie);
            response.StatusCode.Should().Be(HttpStatusCode.NotFound, path);
        }
    }

    [Fact]
    public async Task The_connection_ends_when_the_applications_session_does()
    {
        var clock = new ShiftedTime();
        await using var host = await StartAsync(clock: clock);
        await using var ada = await host.ConnectAsync("/ws", ("Cookie", await host.SignInAsync("ada")));
        await ada.ReceiveAsync();

        clock.Shift += TimeSpan.FromDays(15); // a cookie of ASP.NET Core is good for 14

        (await ada.ReceiveCloseAsync()).Should().Be(4401);
    }

    private Task<SampleHost> StartAsync(Action<WebApplication>? map = null, TimeProvider? clock = null) => SampleHost.StartAsync(
        _directory, builder => builder.Services.AddChatBackend().AddDemo(builder.Configuration),
        app =>
        {
            app.MapChatBackend();
            map?.Invoke(app);
        },
        clock);

    private static async Task<JsonElement> UntilAsync(RawSocket socket, string type)
    {
        while (true)
        {
            if (await socket.ReceiveAsync() is var frame && frame.GetProperty("type").GetString() == type)
            {
                return frame;
            }
        }
    }
}
