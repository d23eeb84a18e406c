using ChatBackend.Server;
using Microsoft.Extensions.Configuration;

namespace ChatBackend.Tests.Server;

/// <summary>Where the health check of a container asks: the address that a server with the same settings listens on.</summary>
public sealed class HealthCommandTests
{
    [Theory]
    [InlineData("http://localhost:5080/health/ready")]
    [InlineData("http://localhost:8080/health/ready", "urls", "http://*:8080")]
    [InlineData("http://localhost:8080/health/ready", "urls", "http://0.0.0.0:8080;https://localhost:5443")]
    [InlineData("http://localhost:8080/health/ready", "urls", "http://[::]:8080")]
    [InlineData("https://localhost:8443/health/ready", "urls", "https://+:8443")]
    [InlineData("http://10.1.2.3:8080/health/ready", "urls", "http://10.1.2.3:8080")]
    [InlineData("http://localhost:8080/health/ready", "http_ports", "8080")]
    [InlineData("http://localhost:8080/health/ready", "urls", "http://unix:/run/chat.sock;http://localhost:8080")]
    [InlineData("http://localhost:8080/assistant/health/ready", "urls", "http://*:8080", "PathBase", "/assistant")]
    public void It_asks_where_the_server_listens(string address, params string[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Chunk(2).ToDictionary(pair => pair[0], pair => (string?)pair[1])).Build();

        HealthCommand.Address(configuration).Should().Be(new Uri(address));
    }

    [Theory]
    [InlineData(true, "health")]
    [InlineData(true, "health", "--urls=http://*:8080")]
    [InlineData(false)]
    [InlineData(false, "--health")]
    public void Only_the_first_word_makes_a_command(bool isOne, params string[] args) => HealthCommand.IsOne(args).Should().Be(isOne);
}
