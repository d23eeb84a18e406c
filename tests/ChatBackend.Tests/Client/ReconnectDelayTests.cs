using ChatBackend.Client;
using ChatBackend.Client.Connections;

namespace ChatBackend.Tests.Client;

/// <summary>How long a client stays away: grows, is partly random, and obeys the server.</summary>
public sealed class ReconnectDelayTests
{
    private static readonly ConnectionEnd Lost = new() { Reason = "lost" };

    [Fact]
    public void The_time_doubles_up_to_the_longest_and_a_random_part_of_it_is_waited()
    {
        Waits(new ReconnectDelay(Options(jitter: 1)), Lost, 6).Should().Equal(1, 2, 4, 8, 10, 10);
        Waits(new ReconnectDelay(Options(jitter: 0.5)), Lost, 3).Should().Equal(0.5, 1, 2);
        Waits(new ReconnectDelay(Options(jitter: 0)), Lost, 3).Should().Equal(0, 0, 0);
    }

    [Fact]
    public void What_the_server_asks_for_comes_on_top()
    {
        var delay = new ReconnectDelay(Options(jitter: 1));

        Waits(delay, Lost with { RetryAfter = TimeSpan.FromSeconds(30) }, 2).Should().Equal(31, 32);
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(10, 10)]
    [InlineData(11, 10)]
    public void A_server_that_announced_its_stop_says_the_time_up_to_the_longest(double within, double waited)
    {
        var delay = new ReconnectDelay(Options(jitter: 1));

        Waits(delay, Lost with { ReconnectWithin = TimeSpan.FromSeconds(within) }, 1).Should().Equal(waited);
        Waits(delay, Lost, 1).Should().Equal([2], "that attempt counts too");
    }

    [Fact]
    public void Only_a_socket_that_lasted_as_long_as_the_longest_wait_makes_the_next_the_first_again()
    {
        var delay = new ReconnectDelay(Options(jitter: 1));
        Waits(delay, Lost, 3);

        delay.WasConnected(TimeSpan.FromSeconds(9.9));
        Waits(delay, Lost, 1).Should().Equal(8);
        delay.WasConnected(TimeSpan.FromSeconds(10));
        Waits(delay, Lost, 2).Should().Equal(1, 2);
    }

    private static List<double> Waits(ReconnectDelay delay, ConnectionEnd end, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => delay.Next(end).TotalSeconds)];

    private static ChatConnectionOptions Options(double jitter) => new()
    {
        Uri = new Uri("ws://chat.example/ws"),
        Token = _ => new("token"),
        FirstBackoff = TimeSpan.FromSeconds(1),
        MaxBackoff = TimeSpan.FromSeconds(10),
        Jitter = () => jitter,
    };
}
