using ChatBackend.Connections;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Connections;

/// <summary>How many connections a process takes, with as many file descriptors as its system shows.</summary>
[Trait("failure", "Q19")]
public sealed class ConnectionLimitTests : IDisposable
{
    private readonly DirectoryInfo _process = Directory.CreateTempSubdirectory("chat-process-");
    private readonly ConnectionFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _process.Delete(recursive: true);
        _fixture.Dispose();
    }

    [Theory]
    [InlineData(255, 254)]
    [InlineData(254, 254)]
    [InlineData(100, 100)]
    public async Task It_takes_as_many_as_are_configured_or_as_fit_and_says_when_those_are_fewer(int configured, int taken)
    {
        Show(limit: "450", used: 60);
        var limit = Limit(configured);
        limit.Connections.Should().Be(configured, "nothing is known yet");
        limit.TryOpenSocket(int.MaxValue - 1).Should().BeTrue();

        await limit.StartingAsync(Token);
        await limit.StartAsync(Token);
        limit.Connections.Should().Be(taken, "it is known before anything listens");
        await limit.StartedAsync(Token);

        limit.Connections.Should().Be(taken);
        _fixture.Lines.All.Should().Equal(configured == taken ? Array.Empty<string>() : [
            "Warning: At most 254 connections are taken, not Connections:MaxConnections=255: this process may have 450 file descriptors, uses 60 "
            + "before its first client and keeps 100 for itself. Raise the limit to 451 (ulimit -n, LimitNOFILE=, --ulimit nofile=), or lower the setting"]);
    }

    [Fact]
    public async Task What_opens_files_while_the_server_starts_counts()
    {
        Show(limit: "450", used: 60);
        var limit = Limit(15_000);
        await limit.StartAsync(Token);
        Show(limit: "450", used: 100);

        await limit.StartedAsync(Token);

        limit.Connections.Should().Be(219);
    }

    [Fact]
    public async Task The_first_descriptor_of_the_servers_own_half_is_refused_and_counted()
    {
        Show(limit: "450", used: 60);
        var limit = Limit(15_000);
        await limit.StartAsync(Token);

        (limit.TryOpenSocket(399), limit.TryOpenSocket(400), limit.TryOpenSocket(449)).Should().Be((true, false, false));

        _fixture.Gauge("chat.sockets.refused").Should().Be(2);
        _fixture.Gauge("chat.file_descriptors.limit").Should().Be(450);
        _fixture.Gauge("chat.file_descriptors").Should().Be(60);
    }

    [Fact]
    public void A_hundred_sockets_have_room_beside_the_connections_and_one_that_closes_makes_room()
    {
        var limit = Limit(5);
        for (var socket = 0; socket < 105; socket++)
        {
            limit.TryOpenSocket(socket).Should().BeTrue();
        }

        (limit.TryOpenSocket(105), limit.TryOpenSocket(105)).Should().Be((false, false));
        limit.CloseSocket();

        (limit.TryOpenSocket(105), limit.TryOpenSocket(106)).Should().Be((true, false));
        _fixture.Gauge("chat.sockets.refused").Should().Be(3);
    }

    [Fact]
    public async Task A_limit_that_does_not_suffice_for_a_start_ends_it()
    {
        Show(limit: "415", used: 10);
        var starting = () => Limit(15_000).StartingAsync(Token);

        (await starting.Should().ThrowAsync<InvalidOperationException>())
            .WithMessage("This process may open 415 files and needs 416 to start. Raise the limit (ulimit -n, LimitNOFILE=, --ulimit nofile=).");
    }

    [Theory]
    [InlineData(null, 10)]
    [InlineData("unlimited", 10)]
    [InlineData("450", null)]
    public async Task Where_the_system_does_not_show_it_the_configured_number_is_taken(string? shown, int? used)
    {
        Show(shown, used);
        var limit = Limit(15_000);

        await limit.StartingAsync(Token);
        await limit.StartAsync(Token);
        await limit.StartedAsync(Token);

        limit.Connections.Should().Be(15_000);
        limit.TryOpenSocket(int.MaxValue - 1).Should().BeTrue();
    }

    [Theory]
    [InlineData("1024", 1024)]
    [InlineData("1073741816", 1_073_741_816)]
    [InlineData("9223372036854775807", int.MaxValue)]
    [InlineData("unlimited", null)]
    public void The_limit_is_the_soft_one_of_open_files(string shown, int? limit)
    {
        Show(shown, used: 3);

        var descriptors = new FileDescriptors(_process.FullName);

        (descriptors.ReadLimit(), descriptors.CountOpen()).Should().Be((limit, 3));
    }

    [Fact]
    public void A_process_that_shows_something_else_shows_no_limit()
    {
        File.WriteAllText(Path.Combine(_process.FullName, "limits"), "Max processes             1000                 2000                 processes\n");

        var descriptors = new FileDescriptors(_process.FullName);

        (descriptors.ReadLimit(), descriptors.CountOpen()).Should().Be((null, null));
    }

    private ConnectionLimit Limit(int configured) => new(
        new FileDescriptors(_process.FullName), Options.Create(new ConnectionOptions { MaxConnections = configured }), _fixture.Metrics, _fixture.Logger<ConnectionLimit>());

    private void Show(string? limit, int? used)
    {
        if (limit is not null)
        {
            File.WriteAllText(Path.Combine(_process.FullName, "limits"), $"""
                Limit                     Soft Limit           Hard Limit           Units
                Max processes             77                   78                   processes
                Max open files            {limit,-20} 999999               files
                """);
        }

        if (used is { } count)
        {
            var opened = _process.CreateSubdirectory("fd");
            for (var number = 0; number < count; number++)
            {
                File.WriteAllText(Path.Combine(opened.FullName, $"{number}"), "");
            }
        }
    }
}
