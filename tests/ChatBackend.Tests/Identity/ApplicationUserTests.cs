using System.Net;
using System.Security.Claims;
using System.Text.Json;
using ChatBackend.Demo;
using ChatBackend.Tests.Hosting;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Identity;

/// <summary>How a user whom the application has signed in becomes a user of the chat, and what comes before them.</summary>
public sealed class ApplicationUserTests
{
    [Fact]
    public async Task The_user_is_whom_the_configured_claim_names()
    {
        await using var host = await StartAsync(builder => builder.Configuration["Auth:UserIdClaim"] = "email");

        await using var socket = await host.ConnectAsync("/ws", ("Cookie", await host.SignInAsync("ada")));
        (await socket.ReceiveAsync()).GetProperty("user_id").GetString().Should().Be("ada@example.com");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("doubled")]
    public async Task A_sign_in_that_does_not_say_who_it_is_of_is_refused(string claim)
    {
        await using var host = await StartAsync(builder =>
        {
            builder.Configuration["Auth:UserIdClaim"] = claim;
            builder.Services.AddTransient<IClaimsTransformation, TwoUsers>();
        });
        var cookie = ("Cookie", await host.SignInAsync("ada"));

        (await host.RefusalAsync("/ws", cookie)).Should().Be(HttpStatusCode.Forbidden);
        using var refused = await host.SendAsync(HttpMethod.Get, "/api/threads", cookie);
        (await RestClient.ProblemOfAsync(refused, 403)).GetProperty("detail").GetString().Should().Contain("Auth:UserIdClaim");
    }

    [Fact]
    public async Task An_id_longer_than_ids_may_be_is_refused()
    {
        await using var host = await StartAsync();

        (await host.RefusalAsync("/ws", ("Cookie", await host.SignInAsync(new string('a', 129))))).Should().Be(HttpStatusCode.Forbidden);
        await using var longest = await host.ConnectAsync("/ws", ("Cookie", await host.SignInAsync(new string('a', 128))));
    }

    [Fact]
    public async Task What_is_given_explicitly_comes_first_then_the_sign_in_then_the_cookie_of_a_guest()
    {
        await using var host = await StartAsync(builder => builder.Configuration["Guests:Enabled"] = "true", chat => chat.AddGuests());
        using var response = await host.SendAsync(HttpMethod.Post, "/api/guests");
        var guest = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        var (token, guestCookie) = ($"Bearer {guest.GetProperty("token").GetString()}", response.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        var own = ("Origin", host.Address.GetLeftPart(UriPartial.Authority));
        var ada = await host.SignInAsync("ada");

        (await UserAsync(("Cookie", ada), ("Authorization", token))).Should().Be(guest.GetProperty("user_id").GetString());
        (await UserAsync(("Cookie", $"{ada}; {guestCookie}"), own)).Should().Be("ada");
        (await UserAsync(("Cookie", guestCookie), own)).Should().Be(guest.GetProperty("user_id").GetString());
        (await host.RefusalAsync("/ws", ("Cookie", ada), ("Authorization", "Bearer nonsense"))).Should().Be(HttpStatusCode.Unauthorized, "an explicit credential is final");

        async Task<string?> UserAsync(params (string, string)[] headers)
        {
            await using var socket = await host.ConnectAsync("/ws", headers);
            return (await socket.ReceiveAsync()).GetProperty("user_id").GetString();
        }
    }

    [Fact]
    public async Task A_ticket_opens_a_connection_of_a_user_of_the_application()
    {
        await using var host = await StartAsync(add: chat => chat.AddTickets());
        using var response = await host.SendAsync(HttpMethod.Post, "/api/tickets", ("Cookie", await host.SignInAsync("ada")));
        var ticket = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("ticket").GetString();

        await using var socket = await host.ConnectAsync($"/ws?ticket={ticket}");
        (await socket.ReceiveAsync()).GetProperty("user_id").GetString().Should().Be("ada");
        (await host.RefusalAsync($"/ws?ticket={ticket}")).Should().Be(HttpStatusCode.Unauthorized);
    }

    private static Task<SampleHost> StartAsync(Action<WebApplicationBuilder>? configure = null, Action<IChatBackendBuilder>? add = null) => SampleHost.StartAsync(
        configure: builder =>
        {
            configure?.Invoke(builder);
            var chat = builder.Services.AddChatBackend().AddDemo(builder.Configuration);
            add?.Invoke(chat);
        },
        map: app => app.MapChatBackend());

    private sealed class TwoUsers : IClaimsTransformation
    {
        public Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal) =>
            Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity([.. principal.Claims, new Claim("doubled", "1"), new Claim("doubled", "2")], "transformed")));
    }
}
