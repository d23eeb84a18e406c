using ChatBackend.Identity;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Identity;

/// <summary>The identity parts on a clock that stands still, with keys that die with the test.</summary>
internal sealed class IdentityFixture
{
    public static readonly UserId Ada = UserId.From("usr_ada");

    public IdentityFixture(params string[] allowedOrigins)
    {
        Tokens = new SessionTokens(new EphemeralDataProtectionProvider(), Clock, Options.Create(new GuestOptions()));
        Tickets = new Tickets(new EphemeralDataProtectionProvider(), Clock);
        var origins = new OriginPolicy(Options.Create(new OriginOptions { AllowedOrigins = allowedOrigins }));
        Upgrade = new UpgradeIdentity(origins, Tokens, Tickets);
        Api = new ApiIdentity(origins, Tokens);
        (Token, _) = Tokens.Issue(Ada);
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));

    public SessionTokens Tokens { get; }

    public Tickets Tickets { get; }

    public UpgradeIdentity Upgrade { get; }

    public ApiIdentity Api { get; }

    /// <summary>A valid token of <see cref="Ada"/>.</summary>
    public string Token { get; }

    /// <summary>A request to <c>https://chat.example.com</c> with these headers; <c>{token}</c> stands for the valid one.</summary>
    public HttpContext Request(params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
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

    public UpgradeDecision Decide(params (string Name, string Value)[] headers) => Upgrade.Decide(Request(headers));

    /// <summary>The status of a refusal, or 101.</summary>
    public int StatusOf(params (string Name, string Value)[] headers) =>
        Decide(headers) is UpgradeDecision.Refused refused ? refused.Status : StatusCodes.Status101SwitchingProtocols;
}
