using System.Net;
using ChatBackend.Identity;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Identity;

public sealed class OriginTests
{
    private readonly IdentityFixture _fixture = new("https://app.example.org", "http://tools.example.org:8080");

    [Theory]
    [InlineData("https://chat.example.com", 101)]
    [InlineData("https://chat.example.com:443", 101)]
    [InlineData("HTTPS://CHAT.EXAMPLE.COM", 101)]
    [InlineData("https://app.example.org", 101)]
    [InlineData("http://tools.example.org:8080", 101)]
    [InlineData("http://chat.example.com", 403)]
    [InlineData("https://chat.example.com:8443", 403)]
    [InlineData("https://chat.example.com.evil.example", 403)]
    [InlineData("https://evil.example", 403)]
    [InlineData("https://evil.example#https://chat.example.com", 403)]
    [InlineData("https://chat.example.com@evil.example", 403)]
    [InlineData("https://chat.example.com/", 403)]
    [InlineData("https://chat.example.com/page", 403)]
    [InlineData("https://sub.app.example.org", 403)]
    [InlineData("http://tools.example.org", 403)]
    [InlineData("null", 403)]
    [InlineData("", 403)]
    [InlineData("*", 403)]
    [InlineData("chat.example.com", 403)]
    [InlineData("//chat.example.com", 403)]
    [InlineData("file://", 403)]
    [InlineData("chrome-extension://abcdef", 403)]
    [InlineData("https:\\\\chat.example.com", 403)]
    [InlineData("https://chat.example.com, https://chat.example.com", 403)]
    [InlineData("https://чат.example.com", 403)]
    [InlineData("https://chat.example.com:99999", 403)]
    [Trait("failure", "C6")]
    [Trait("failure", "P14")]
    public void Only_own_and_listed_origins_may_connect(string origin, int status) =>
        _fixture.StatusOf(("Origin", origin), ("Authorization", "Bearer {token}")).Should().Be(status);

    [Fact]
    [Trait("failure", "C6")]
    public void Several_origins_are_refused_even_when_each_is_good() =>
        _fixture.StatusOf(
            ("Origin", "https://chat.example.com"), ("Origin", "https://chat.example.com"), ("Authorization", "Bearer {token}"))
            .Should().Be(403);

    [Fact]
    public void A_program_without_an_origin_may_connect() =>
        _fixture.StatusOf(("Authorization", "Bearer {token}")).Should().Be(101);

    [Theory]
    [InlineData("localhost:5443", "https://127.0.0.1:5443", 403)]
    [InlineData("127.0.0.1:5443", "https://localhost:5443", 403)]
    [InlineData("localhost:5443", "https://localhost:3000", 403)]
    [InlineData("localhost:5443", "https://localhost:5443", 101)]
    [InlineData("127.0.0.1:5443", "https://127.0.0.1:5443", 101)]
    [InlineData("[::1]:5443", "https://[::1]:5443", 101)]
    [Trait("failure", "C6")]
    public void Names_of_the_same_machine_are_different_origins(string host, string origin, int status)
    {
        var context = _fixture.Request(("Origin", origin), ("Authorization", "Bearer {token}"));
        context.Request.Host = new(host);
        context.Connection.LocalIpAddress = IPAddress.Loopback;

        (_fixture.Decide(context) is Admission.Accepted ? 101 : 403).Should().Be(status);
    }

    [Fact]
    [Trait("failure", "P14")]
    public void A_page_that_made_its_name_mean_this_machine_is_refused_until_it_is_listed()
    {
        Verdict("https://rebound.example").Should().Be(OriginVerdict.Foreign);
        Verdict("https://app.example.org").Should().Be(OriginVerdict.Own);

        OriginVerdict Verdict(string origin)
        {
            var context = _fixture.Request(("Origin", origin));
            context.Request.Host = new(new Uri(origin).Authority);
            context.Connection.LocalIpAddress = IPAddress.Loopback;
            return Policy("https://app.example.org").Check(context);
        }
    }

    [Theory]
    [InlineData("*")]
    [InlineData("app.example.org")]
    [InlineData("https://app.example.org/")]
    [InlineData("https://*.example.org")]
    public void A_listed_origin_that_no_browser_writes_ends_the_start_up(string listed)
    {
        var making = () => Policy(listed);

        making.Should().Throw<OptionsValidationException>().WithMessage($"*'{listed}'*");
    }

    private static OriginPolicy Policy(params string[] allowed)
    {
        var options = new ChatBackendOptions();
        Array.ForEach(allowed, options.Connections.AllowedOrigins.Add);
        return new OriginPolicy(Options.Create(options));
    }
}
