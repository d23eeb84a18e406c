using ChatBackend.Server;
using Microsoft.Extensions.Configuration;

namespace ChatBackend.Tests.Hosting;

[Trait("failure", "Q11")]
public sealed class UnsafeSettingsTests
{
    [Theory]
    [InlineData("urls", "http://0.0.0.0:8080")]
    [InlineData("urls", "https://0.0.0.0:443;http://*:80")]
    [InlineData("urls", "http://[::]:80")]
    [InlineData("urls", "http://chat.example.com:80")]
    [InlineData("urls", "http://192.0.2.1:80")]
    [InlineData("http_ports", "8080")]
    [InlineData("Kestrel:Endpoints:Web:Url", "http://+:80")]
    public void Plain_http_that_others_can_reach_is_refused_until_a_proxy_is_named_or_it_is_accepted(string setting, string value)
    {
        UnsafeSettings.Refused(Configuration((setting, value))).Should().Contain("ForwardedHeaders:KnownProxies").And.Contain("Security:AllowPlainHttp");
        UnsafeSettings.Refused(Configuration((setting, value), ("ForwardedHeaders:KnownProxies:0", "10.0.0.5"))).Should().BeNull();
        UnsafeSettings.Refused(Configuration((setting, value), ("ForwardedHeaders:KnownNetworks", "10.0.0.0/8"))).Should().BeNull();

        var accepted = Configuration((setting, value), ("Security:AllowPlainHttp", "true"));
        UnsafeSettings.Refused(accepted).Should().BeNull();
        UnsafeSettings.Warned(accepted).Should().Contain(line => line.Contains("Security:AllowPlainHttp", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("urls", "http://localhost:5080;https://localhost:5443")]
    [InlineData("urls", "http://127.0.0.1:0")]
    [InlineData("urls", "http://[::1]:80")]
    [InlineData("urls", "http://unix:/run/chat.sock")]
    [InlineData("urls", "https://0.0.0.0:443")]
    public void What_only_this_machine_can_reach_is_not_refused(string setting, string value) =>
        UnsafeSettings.Refused(Configuration((setting, value))).Should().BeNull();

    [Fact]
    public void The_address_of_the_metrics_may_be_plain() =>
        UnsafeSettings.Refused(Configuration(("urls", "https://0.0.0.0:443;http://10.0.0.5:9464"), ("Metrics:Address", "http://10.0.0.5:9464"))).Should().BeNull();

    [Theory]
    [InlineData("Agents:Script:Enabled", "true", "Agents:Script:Enabled")]
    [InlineData("AllowedHosts", "a.example;*", "AllowedHosts")]
    [InlineData("Guests:Enabled", "false", "Guests:Enabled")]
    [InlineData("urls", "https://*:443", "Kestrel:Certificates:Default:Path")]
    public void What_is_unsafe_is_named_with_its_setting(string setting, string value, string named)
    {
        UnsafeSettings.Warned(Configuration(("Guests:Enabled", "true"))).Should().BeEmpty();
        UnsafeSettings.Warned(Configuration(("Guests:Enabled", "true"), (setting, value))).Should().ContainSingle().Which.Should().Contain(named);
    }

    [Fact]
    public void An_issuer_is_a_way_in_without_guests() =>
        UnsafeSettings.Warned(Configuration(("Auth:Authority", "https://login.example.com"))).Should().BeEmpty();

    [Fact]
    public void A_certificate_of_the_operators_own_is_not_warned_of() =>
        UnsafeSettings.Warned(Configuration(("Guests:Enabled", "true"), ("urls", "https://*:443"), ("Kestrel:Certificates:Default:Path", "chat.pem"))).Should().BeEmpty();

    private static IConfiguration Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Reverse().DistinctBy(setting => setting.Key).Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
