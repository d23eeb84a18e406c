using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using ChatBackend.Identity;
using ChatBackend.Tests.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Identity;

/// <summary>What a sign-in uses ends with it: an open socket holds none of it, and a request keeps its own services.</summary>
public sealed class SignInScopeTests
{
    [Fact]
    public async Task A_socket_that_is_open_holds_nothing_that_its_sign_in_used()
    {
        var uses = new List<Used>();
        await using var host = await StartAsync(uses, app => app.MapChatBackend());

        await using var socket = await host.ConnectAsync("/ws", ("Authorization", "Bearer ada"));
        await socket.ReceiveAsync();

        var used = uses.Should().ContainSingle().Subject;
        used.IsSeenByRequestServices.Should().BeTrue("a handler finds in RequestServices what it was made with");
        used.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task A_request_keeps_its_own_services_over_the_sign_in()
    {
        var uses = new List<Used>();
        var services = new List<Used>();
        await using var host = await StartAsync(uses, app =>
        {
            app.Use(async (http, next) =>
            {
                services.Add(http.RequestServices.GetRequiredService<Used>());
                await next(http);
                services.Add(http.RequestServices.GetRequiredService<Used>());
            });
            app.MapChatBackend();
        });

        using var answer = await host.SendAsync(HttpMethod.Get, "/api/threads", ("Authorization", "Bearer ada"));

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        services.Should().HaveCount(2);
        services[1].Should().BeSameAs(services[0]);
        uses.Except(services).Should().ContainSingle("the sign-in had a scope of its own").Which.IsDisposed.Should().BeTrue();
    }

    private static Task<SampleHost> StartAsync(List<Used> uses, Action<WebApplication> map) => SampleHost.StartAsync(
        configure: builder =>
        {
            builder.Services.AddScoped(_ =>
            {
                var used = new Used();
                uses.Add(used);
                return used;
            });
            builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, NamedUserHandler>("named", null);
            builder.Services.AddChatBackend().AddSignIn("named");
        },
        map: map);

    private sealed class Used : IDisposable
    {
        public bool IsSeenByRequestServices { get; set; }

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    /// <summary>Takes the token for the user's name.</summary>
    private sealed class NamedUserHandler(Used used, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            used.IsSeenByRequestServices = Context.RequestServices.GetRequiredService<Used>() == used;
            var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, ChatAuthentication.BearerToken(Request)!)], Scheme.Name));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, Scheme.Name)));
        }
    }
}
