using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>A close and an abort are final, at whichever moment they come.</summary>
public sealed class StopRaceTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_socket_that_was_being_opened_is_not_used(bool isAbort)
    {
        ChatConnection? client = null;
        var back = 0;
        var attempts = 0;
        Task? ending = null;
        (client, var first) = await _server.OpenAsync(options => options with
        {
            OnFrame = _ => ending = ++attempts == 2 ? EndAsync(client!, isAbort) : null, // the last that comes before the socket is the connection's
            OnReconnected = _ => back++,
        });
        first.Cut();
        var second = await _server.AcceptAsync();

        var end = await client.Closed.Soon();

        (end.Reason, end.CloseCode, end.IsOurs, client.State, back).Should().Be(("closed from this side", null, true, ChatConnectionState.Closed, 0));
        await ending!.Soon();
        await second.ReceiveCutAsync();
        _server.Attempts.Should().Be(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_socket_that_was_being_lost_is_not_replaced(bool isAbort)
    {
        using var held = new ManualResetEventSlim();
        var isBusy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (client, socket) = await _server.OpenAsync(options => options with
        {
            Jitter = () => 1,
            FirstBackoff = TimeSpan.FromHours(1),
            MaxBackoff = TimeSpan.FromHours(1),
            OnFrame = frame =>
            {
                if (frame is Pong)
                {
                    isBusy.SetResult();
                    held.Wait(TestContext.Current.CancellationToken);
                }
            },
        });
        await socket.SendAsync(new Pong { ServerTime = default });
        await isBusy.Task.Soon();
        client.Drop(); // and the callback is not back yet

        var ending = EndAsync(client, isAbort);
        held.Set();

        await ending.Soon();
        (await client.Closed.Soon()).Should().BeEquivalentTo(new { Reason = "closed from this side", CloseCode = (int?)null });
        _server.Attempts.Should().Be(1);
    }

    [Fact]
    public async Task What_OnReconnected_throws_ends_the_connection_and_gives_the_socket_back()
    {
        var bug = new InvalidOperationException("a bug of the caller's");
        var (client, first) = await _server.OpenAsync(options => options with { OnReconnected = _ => throw bug });
        first.Cut();

        var second = await _server.AcceptAsync();

        var end = await client.Closed.Soon();
        (end.Cause, end.Reason, end.IsOurs).Should().Be((bug, bug.Message, false));
        await second.ReceiveCutAsync();
    }

    [Fact]
    public async Task A_close_that_the_server_breaks_off_is_a_close()
    {
        var (client, socket) = await _server.OpenAsync();
        var closing = client.CloseAsync();
        socket.Cut();

        await closing.Soon();

        (await client.Closed.Soon()).Should().BeEquivalentTo(new { CloseCode = CloseCodes.Normal, IsOurs = true });
        _server.Attempts.Should().Be(1);
    }

    [Fact]
    public async Task A_close_that_the_server_never_answers_is_over_in_its_time()
    {
        var clock = new WatchedClock();
        var (client, _) = await _server.OpenAsync(options => options with { TimeProvider = clock, CloseTimeout = TimeSpan.FromSeconds(6) });
        var closing = client.CloseAsync();
        await clock.BegunAsync(TimeSpan.FromSeconds(6));
        closing.IsCompleted.Should().BeFalse();

        clock.Advance(TimeSpan.FromSeconds(6));

        await closing.Soon();
        var end = await client.Closed.Soon();
        (end.CloseCode, end.Reason, end.IsOurs).Should().Be((CloseCodes.Normal, "the server did not answer the close", true));
        end.Cause.Should().BeOfType<TimeoutException>();
    }

    [Fact]
    public async Task An_abort_says_so_and_may_come_again_and_again()
    {
        var (client, socket) = await _server.OpenAsync();
        var sending = client.ChatAsync("hello", TheThread);
        await socket.ReceiveAsync<ChatFrame>();

        client.Abort();
        client.Abort();

        (await client.Closed.Soon()).Should().BeEquivalentTo(new { Reason = "aborted from this side", CloseCode = (int?)null, IsOurs = true });
        await sending.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>().WithMessage("The connection is closed: aborted from this side.");
        await socket.ReceiveCutAsync();
        await client.CloseAsync().Soon();
        client.Drop();
    }

    private static Task EndAsync(ChatConnection client, bool isAbort)
    {
        if (isAbort)
        {
            client.Abort();
            return client.Closed;
        }

        return client.CloseAsync();
    }
}
