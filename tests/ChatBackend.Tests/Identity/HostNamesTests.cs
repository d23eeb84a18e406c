using System.Net;
using ChatBackend.Identity;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Identity;

[Trait("failure", "Q11")]
public sealed class HostNamesTests
{
    [Theory]
    [InlineData("chat.example.com", true)]
    [InlineData("CHAT.example.com", true)]
    [InlineData("a.example.org", true)]
    [InlineData("app.example.net", true)]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]", true)]
    [InlineData("203.0.113.9", true)]
    [InlineData("example.org", false)]
    [InlineData("example.com", false)]
    [InlineData("203.0.113.10", false)]
    [InlineData("rebound.example", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    public void It_answers_to_what_is_listed_what_means_this_machine_and_the_address_that_was_reached(string host, bool isOwn)
    {
        var names = Names(["chat.example.com", "*.example.org"], "https://app.example.net:8443");

        names.IsOwn(host, IPAddress.Parse("203.0.113.9")).Should().Be(isOwn);
        names.IsOwn(host, IPAddress.Parse("::ffff:203.0.113.9")).Should().Be(isOwn, "a socket for both families reports it so");
        names.IsOwn(host, local: null).Should().Be(isOwn && host != "203.0.113.9");
    }

    [Fact]
    public void An_asterisk_lets_every_name_in_and_names_none()
    {
        var names = Names(["*"]);

        names.IsOwn("rebound.example", IPAddress.Loopback).Should().BeTrue();
        names.IsOwn("", IPAddress.Loopback).Should().BeTrue();
        names.IsNamed("rebound.example").Should().BeFalse();
        Names([]).IsOwn("rebound.example", IPAddress.Loopback).Should().BeFalse();
    }

    private static HostNames Names(string[] hosts, params string[] origins)
    {
        var options = new ChatBackendOptions { AllowedHosts = string.Join(';', hosts) };
        foreach (var origin in origins)
        {
            options.Connections.AllowedOrigins.Add(origin);
        }

        return new HostNames(Options.Create(options));
    }
}
