using System.Net.WebSockets;
using ChatBackend.Connections;
using ChatBackend.Following;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Telemetry;
using ChatBackend.Threads.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Connections;

/// <summary>One outbox over a socket whose sends end when a test lets them: what it holds, when it has room, and how it ends.</summary>
[Trait("failure", "Q12")]
public sealed class OutboxTests : IDisposable
{
    private const int Max = 1000;
    private const int MaxTotal = 5000;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
    private readonly FakeTimeProvider _clock = new();
    private readonly GatedSocket _socket = new();
    private readonly ConnectionContext _connection;
    private readonly OutboxMemory _memory;
    private readonly Outbox _outbox;

    public OutboxTests()
    {
        var options = Options.Create(new ConnectionOptions { MaxOutboxBytes = Max, MaxTotalOutboxBytes = MaxTotal });
        var metrics = _services.GetRequiredService<ChatMetrics>();
        _connection = new ConnectionContext(metrics);
        _connection.Attach(_socket, new Session(UserId.New(), DateTimeOffset.MaxValue), new DefaultHttpContext());
        _memory = new OutboxMemory(options, metrics);
        _outbox = new Outbox(_connection, options, _memory, metrics, _clock);
    }

    private long HeldByAll => _memory.Excess + MaxTotal;

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task What_is_being_sent_and_what_waits_is_held_until_it_is_sent()
    {
        Enqueue(100, 200, 300).Should().BeTrue();
        (_outbox.HeldBytes, HeldByAll).Should().Be((600, 600));

        await _socket.EndSendAsync();
        (_outbox.HeldBytes, HeldByAll, _outbox.Sent).Should().Be((500, 500, 2));
        await _socket.EndSendAsync();
        (_outbox.HeldBytes, HeldByAll, _outbox.Sent).Should().Be((300, 300, 3));
        await _socket.EndSendAsync();
        (_outbox.HeldBytes, HeldByAll).Should().Be((0, 0));
        _socket.Lengths.Should().Equal(100, 200, 300);
    }

    [Fact]
    public void One_frame_may_be_larger_than_what_may_wait_and_a_second_behind_it_ends_the_connection()
    {
        Enqueue(1, 3 * Max).Should().BeTrue();
        Enqueue(1).Should().BeFalse();

        Reason().Should().Be(CloseReason.OutboxFull);
        Enqueue(1).Should().BeFalse("it takes nothing more");
        (_outbox.HeldBytes, HeldByAll).Should().Be((1, 1), "what waited is forgotten; what is being sent is not");
    }

    [Fact]
    public void As_much_may_wait_as_the_limit_says_and_no_byte_more()
    {
        Enqueue(1, Max - 100, 100).Should().BeTrue();
        Reason().Should().BeNull();

        Enqueue(1).Should().BeFalse();

        Reason().Should().Be(CloseReason.OutboxFull);
    }

    [Fact]
    public void While_all_hold_too_much_a_single_frame_still_waits_and_a_second_one_of_more_than_its_share_does_not()
    {
        var others = 0;
        _memory.Change(ref others, MaxTotal);
        Enqueue(1, 3 * Max).Should().BeTrue("one frame never ends its connection");
        Reason().Should().BeNull();

        var small = new Outbox(_connection, Options.Create(new ConnectionOptions { MaxOutboxBytes = Max }), _memory, _services.GetRequiredService<ChatMetrics>(), _clock);
        small.Enqueue(new byte[1]);
        small.Enqueue(new byte[10]).Should().BeTrue();
        small.Enqueue(new byte[10]).Should().BeTrue("it holds less than its share");
    }

    [Fact]
    public void While_all_hold_too_much_a_second_frame_ends_who_holds_more_than_its_share()
    {
        Enqueue(900, 900).Should().BeTrue();
        var (first, rest) = (0, new int[9]);
        _memory.Change(ref first, MaxTotal);
        for (var i = 0; i < rest.Length; i++)
        {
            _memory.Change(ref rest[i], 1);
        }

        Enqueue(1).Should().BeFalse();

        Reason().Should().Be(CloseReason.OutboxFull);
        HeldByAll.Should().Be(MaxTotal + rest.Length + 900);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_socket_that_breaks_as_a_send_begins_or_later_ends_as_peer_vanished(bool atOnce)
    {
        _socket.Broken = atOnce ? new ObjectDisposedException("socket") : null;

        Enqueue(100).Should().BeTrue("who has sent it is not to blame");
        if (!atOnce)
        {
            Enqueue(100).Should().BeTrue();
            await _socket.FailSendAsync(new WebSocketException());
        }

        Reason().Should().Be(CloseReason.PeerVanished);
        (Enqueue(100), _outbox.HeldBytes, HeldByAll).Should().Be((false, 0, 0));
        _clock.Advance(TimeSpan.FromDays(1));
        _outbox.IsStuck().Should().BeFalse("nothing is being sent");
        await _outbox.CompleteAsync();
    }

    [Fact]
    public void What_comes_later_leaves_half_of_the_room_to_what_is_live()
    {
        _outbox.HasRoom(10 * Max).Should().BeTrue("nothing waits");
        Enqueue(400, 200).Should().BeTrue();

        _outbox.HasRoom(300).Should().BeTrue();
        _outbox.HasRoom(301).Should().BeFalse();
        var others = 0;
        _memory.Change(ref others, MaxTotal);
        _outbox.HasRoom(1).Should().BeFalse("all hold too much, and this one has not read everything");
    }

    [Fact]
    public async Task Who_waits_for_room_goes_on_when_there_is_some_and_when_the_connection_closes()
    {
        Enqueue(1, 400, 400).Should().BeTrue();
        var waiting = _outbox.WaitForRoomAsync(200, TestContext.Current.CancellationToken).AsTask();
        waiting.IsCompleted.Should().BeFalse();
        await _socket.EndSendAsync();
        await _socket.EndSendAsync();
        (await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Should().BeTrue();

        Enqueue(900).Should().BeTrue();
        var closing = _outbox.WaitForRoomAsync(200, TestContext.Current.CancellationToken).AsTask();
        closing.IsCompleted.Should().BeFalse();
        _outbox.GiveUp();
        (await closing.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Should().BeFalse();
        (Reason(), _outbox.HasRoom(1)).Should().Be((CloseReason.OutboxFull, false));
    }

    [Fact]
    public async Task A_send_is_stuck_when_it_takes_longer_than_it_may_and_the_next_one_has_as_long_again()
    {
        _clock.Advance(TimeSpan.FromMinutes(1));
        _outbox.IsStuck().Should().BeFalse("nothing is being sent");
        Enqueue(1, 1).Should().BeTrue();
        _clock.Advance(new ConnectionOptions().SendTimeout);
        _outbox.IsStuck().Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        _outbox.IsStuck().Should().BeTrue();

        await _socket.EndSendAsync();

        _outbox.IsStuck().Should().BeFalse();
    }

    [Fact]
    public async Task A_close_waits_for_what_was_accepted_and_takes_nothing_more()
    {
        Enqueue(1, 2).Should().BeTrue();

        var completing = _outbox.CompleteAsync();

        (Enqueue(3), completing.IsCompleted).Should().Be((false, false));
        await _socket.EndSendAsync();
        completing.IsCompleted.Should().BeFalse();
        await _socket.EndSendAsync();
        await completing.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        _socket.Lengths.Should().Equal(1, 2);
    }

    [Fact]
    public async Task Who_waits_for_any_room_goes_on_as_soon_as_half_is_free()
    {
        Enqueue(1, 100, Max / 2).Should().BeTrue();
        var waiting = _outbox.WaitForRoomAsync(0, TestContext.Current.CancellationToken).AsTask();
        waiting.IsCompleted.Should().BeFalse();

        await _socket.EndSendAsync();

        (await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Should().BeTrue();
    }

    [Fact]
    public async Task Who_waits_for_room_hears_of_a_close_and_of_an_end_of_its_own_patience()
    {
        Enqueue(1, 900).Should().BeTrue();
        using var impatient = new CancellationTokenSource();
        var cancelled = _outbox.WaitForRoomAsync(200, impatient.Token).AsTask();
        var waiting = _outbox.WaitForRoomAsync(200, TestContext.Current.CancellationToken).AsTask();

        await impatient.CancelAsync();
        await FluentActions.Awaiting(() => cancelled).Should().ThrowAsync<OperationCanceledException>();
        var completing = _outbox.CompleteAsync();

        (await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Should().BeFalse();
        completing.IsCompleted.Should().BeFalse();
        (await _outbox.WaitForRoomAsync(1, TestContext.Current.CancellationToken)).Should().BeFalse("it is closing");
    }

    [Fact]
    public async Task Text_that_gathers_is_one_frame_and_is_held_until_it_is_sent()
    {
        Enqueue(1).Should().BeTrue();
        Say(0, "hello ").Should().BeTrue();
        _services.Gauge("chat.outbox.peak").Should().Be(_outbox.HeldBytes - 1, "that is what waits");
        Say(6, "world").Should().BeTrue();
        _services.Gauge("chat.deltas.coalesced").Should().Be(1);

        await _socket.EndSendAsync();
        _outbox.HeldBytes.Should().Be(sizeof(char) * "hello world".Length);
        await _socket.EndSendAsync();

        (_outbox.HeldBytes, _outbox.Sent, _services.Gauge("chat.frames.sent")).Should().Be((0, 2, 2));

        bool Say(int offset, string text) => _outbox.Enqueue(
            new OutboundFrame(new ThreadId("thr_1"), new byte[100], new PartText(new RunId("run_1"), new PartId("prt_1"), PartKind.Text, offset, text)));
    }

    private bool Enqueue(params int[] lengths) => lengths.All(length => _outbox.Enqueue(new byte[length]));

    private CloseReason? Reason() => _connection.Closed is { IsCompletedSuccessfully: true } closed ? closed.GetAwaiter().GetResult() : null;
}
