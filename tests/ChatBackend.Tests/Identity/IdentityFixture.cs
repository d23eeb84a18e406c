using ChatBackend.Identity;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Identity;

/// <summary>The identity parts on a clock that stands still, with keys that die with the test.</summary>
internal sealed class IdentityFixture
{
    public static readonly UserId Ada = UserId.From("usr_ada");

    private readonly ServiceProvider _services;

    public IdentityFixture(params string[] allowedOrigins)
    {
        _services = Services(Clock, allowedOrigins);
        Tokens = _services.GetRequiredService<SessionTokens>();
        Tickets = _services.GetRequiredService<Tickets>();
        (Token, _) = Tokens.Issue(Ada);
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));

    public SessionTokens Tokens { get; }

    public Tickets Tickets { get; }

    /// <summary>A valid token of <see cref="Ada"/>.</summary>
    public string Token { get; }

    /// <summary>The identity parts as the server registers them.</summary>
    public static ServiceProvider Services(TimeProvider clock, params string[] allowedOrigins) => new ServiceCollection().AddLogging()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
        .AddSingleton(clock)
        .AddIdentity().AddGuestSignIn().AddTicketSignIn()
        .AddKeyedSingleton<IDataProtectionProvider>(TokenProtection.Key, new EphemeralDataProtectionProvider())
        .Configure<ChatBackendOptions>(options => Array.ForEach(allowedOrigins, options.Connections.AllowedOrigins.Add))
        .BuildServiceProvider();

    /// <summary>A request to <c>https://chat.example.com</c> with these headers; <c>{token}</c> stands for the valid one.</summary>
    public HttpContext Request(params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext { RequestServices = _services };
        context.Request.Scheme = "https";
        context.Request.Host = new HostString("chat.example.com");
        context.Request.Path = "/ws";
        foreach (var (name, value) in headers)
        {
            // Append would drop an empty value, which a client can send.
            context.Request.Headers[name] = StringValues.Concat(
                context.Request.Headers[name], value.Replace("{token}", Token, StringComparison.Ordinal));
        }

        return context;
    }

    public Admission Decide(params (string Name, string Value)[] headers) => Decide(Request(headers));

    /// <summary>What becomes of the request as one for a WebSocket.</summary>
    public Admission Decide(HttpContext context)
    {
        context.Request.Method = HttpMethods.Get;
        context.Request.Headers.Upgrade = "websocket";
        return AtOnce(_services.GetRequiredService<UpgradeIdentity>().DecideAsync(context));
    }

    /// <summary>What becomes of it under <c>/api</c>.</summary>
    public Admission DecideApi(HttpContext context) => AtOnce(_services.GetRequiredService<ApiIdentity>().DecideAsync(context));

    /// <summary>The status of a refusal, or 101.</summary>
    public int StatusOf(params (string Name, string Value)[] headers) =>
        Decide(headers) is Admission.Refused refused ? refused.Status : StatusCodes.Status101SwitchingProtocols;

    // A socket would stay in every method that had to wait for it.
    private static Admission AtOnce(ValueTask<Admission> deciding)
    {
        deciding.IsCompletedSuccessfully.Should().BeTrue();
        return deciding.Result;
    }
}
