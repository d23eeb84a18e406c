using System.Net;
using ChatBackend.Client;
using ChatBackend.Protocol;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class ReconnectTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    [Trait("failure", "P4")]
    [Trait("failure", "D29")]
    public async Task A_message_cut_off_before_its_ack_is_sent_again_with_the_same_id()
    {
        var (client, first) = await _server.OpenAsync();
        var sending = client.ChatAsync("hello");
        var sent = await first.ReceiveAsync<ChatFrame>();
        first.Cut();

        var second = await _server.AcceptAsync();
        var again = await second.ReceiveAsync<ChatFrame>();
        again.Should().Be(sent);
        await second.SendAsync(Ack(again, status: AckStatus.Duplicate));

        (await sending.Soon()).Status.Should().Be(AckStatus.Duplicate);
        client.Abort();
    }

    [Fact]
    [Trait("failure", "D17")]
    public async Task Commands_without_an_answer_are_sent_again_in_order_and_answered_ones_are_not()
    {
        var (client, first) = await _server.OpenAsync();
        var answered = client.ChatAsync("zero");
        await first.SendAsync(Ack(await first.ReceiveAsync<ChatFrame>()));
        await answered.Soon();
        var one = client.ChatAsync("one", TheThread);
        await first.ReceiveAsync<ChatFrame>();
        var two = client.StopAsync(TheThread);
        await first.ReceiveAsync<StopFrame>();
        first.Cut();

        var second = await _server.AcceptAsync();
        await second.ReceiveAsync<FollowFrame>();
        var chat = await second.ReceiveAsync<ChatFrame>();
        var stop = await second.ReceiveAsync<StopFrame>();
        chat.Content.Should().Be("one");
        await second.SendAsync(Ack(chat), Ack(stop, seq: 2));

        await Task.WhenAll(one, two).Soon();
        client.Abort();
    }

    [Fact]
    [Trait("failure", "P1")]
    [Trait("failure", "D15")]
    public async Task A_followed_thread_goes_on_from_its_cursor_and_the_position_in_the_part_in_flight()
    {
        var (client, first) = await _server.OpenAsync();
        var following = client.FollowAsync(TheThread);
        (await first.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(0);
        await first.SendAsync(Message(1), Started(2), Delta(0, "Grüße 👋"), CaughtUp(2));
        var follower = await following.Soon();
        first.Cut();

        var second = await _server.AcceptAsync();
        var again = await second.ReceiveAsync<FollowFrame>();
        again.AfterSeq.Should().Be(2);
        again.Parts.Should().Equal(new PartPosition { PartId = Part, Length = 8 });
        await second.SendAsync(Delta(8, ", Welt"), CaughtUp(2), Completed(3, "Grüße 👋, Welt", Part));

        await follower.WaitForRunEndAsync(Run).Soon();
        follower.Transcript.Run(Run)!.Text.Should().Be("Grüße 👋, Welt");
        client.Abort();
    }

    [Fact]
    public async Task What_is_sent_while_there_is_no_socket_is_sent_on_the_next_one()
    {
        var lost = new TaskCompletionSource();
        var back = new TaskCompletionSource();
        var (client, first) = await _server.OpenAsync(options => options with { OnDisconnected = _ => lost.SetResult(), OnReconnected = _ => back.SetResult() });
        first.Cut();
        await lost.Task.Soon();
        client.State.Should().Be(ChatConnectionState.Reconnecting);
        var sending = client.ChatAsync("hello");

        var second = await _server.AcceptAsync();
        await second.SendAsync(Ack(await second.ReceiveAsync<ChatFrame>()));

        await sending.Soon();
        await back.Task.Soon();
        client.State.Should().Be(ChatConnectionState.Connected);
        client.Abort();
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1009)]
    [InlineData(1011)]
    [InlineData(1013)]
    [InlineData(4408)]
    [InlineData(4409)]
    [InlineData(4429)]
    public async Task Any_other_close_is_followed_by_another_connection(int code)
    {
        var (client, first) = await _server.OpenAsync();
        await first.CloseAsync(code);

        await _server.AcceptAsync();
        client.Abort();
    }

    [Theory]
    [Trait("failure", "B11")]
    [InlineData(1000)]
    [InlineData(1008)]
    [InlineData(4403)]
    public async Task After_1000_1008_and_4403_the_connection_stays_closed_and_waits_hear_why(int code)
    {
        var (client, first) = await _server.OpenAsync();
        var sending = client.ChatAsync("hello");
        await first.ReceiveAsync<ChatFrame>();
        await first.CloseAsync(code, "go away");

        var end = await client.Closed.Soon();
        end.CloseCode.Should().Be(code);
        end.Reason.Should().Be("go away");
        client.State.Should().Be(ChatConnectionState.Closed);
        (await sending.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>()).Which.End.Should().Be(end);
        await client.Invoking(closed => closed.ChatAsync("more")).Should().ThrowAsync<ChatClosedException>();
        _server.Attempts.Should().Be(1);
    }

    [Fact]
    [Trait("failure", "B12")]
    public async Task After_4401_only_a_new_token_is_tried()
    {
        var tokens = new Queue<string>(["old", "old", "new"]);
        var (client, first) = await _server.OpenAsync(options => options with { Token = _ => new ValueTask<string>(tokens.Dequeue()) });
        first.Authorization.Should().Be("Bearer old");
        await first.CloseAsync(CloseCodes.Unauthenticated);

        var second = await _server.AcceptAsync();

        second.Authorization.Should().Be("Bearer new");
        _server.Attempts.Should().Be(2);
        client.Abort();
    }

    [Fact]
    [Trait("failure", "B12")]
    public async Task A_token_that_is_refused_and_never_renewed_ends_the_connection()
    {
        var (client, first) = await _server.OpenAsync();
        await first.CloseAsync(CloseCodes.Unauthenticated);

        (await client.Closed.Soon()).CloseCode.Should().Be(CloseCodes.Unauthenticated);
        _server.Attempts.Should().Be(1);
    }

    [Fact]
    public async Task A_refused_upgrade_is_tried_again_after_the_time_the_server_asks_for()
    {
        var clock = new FakeTimeProvider();
        var (client, first) = await _server.OpenAsync(options => options with { TimeProvider = clock, PingInterval = TimeSpan.FromHours(1) });
        _server.RefuseNext(HttpStatusCode.ServiceUnavailable, retryAfter: "7");
        first.Cut();
        await Deadline.UntilAsync(() => _server.Attempts == 2);

        // The client arms its timer some time after the refusal; until then the clock has nobody to wake.
        var accepting = _server.AcceptAsync();
        clock.Advance(TimeSpan.FromSeconds(6.9));
        _server.Attempts.Should().Be(2);
        await Deadline.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(0.1));
            return accepting.IsCompleted;
        });

        await accepting;
        client.Abort();
    }

    [Fact]
    public async Task A_first_connection_that_is_refused_throws_with_the_status()
    {
        _server.RefuseNext(HttpStatusCode.Unauthorized);
        (await _server.Invoking(server => server.ConnectAsync()).Should().ThrowAsync<ChatConnectException>()).Which.Status.Should().Be(HttpStatusCode.Unauthorized);

        _server.RefuseNext(HttpStatusCode.ServiceUnavailable, retryAfter: "3");
        var refused = (await _server.Invoking(server => server.ConnectAsync()).Should().ThrowAsync<ChatConnectException>()).Which;
        refused.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        refused.RetryAfter.Should().Be(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_first_connection_that_is_closed_at_once_throws_with_the_code()
    {
        var connecting = _server.ConnectAsync();
        var socket = await _server.AcceptSilentlyAsync();
        var closing = socket.CloseAsync(CloseCodes.AtCapacity);

        (await connecting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatConnectException>()).Which.CloseCode.Should().Be(CloseCodes.AtCapacity);
        socket.Cut();
        await closing.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Fact]
    [Trait("failure", "P13")]
    public async Task A_socket_on_which_nothing_is_heard_is_pinged_and_then_replaced()
    {
        var clock = new FakeTimeProvider();
        var lost = new TaskCompletionSource<ConnectionEnd>();
        // Every step of the clock may find the client busy: what is to come first has many steps before what is to come next.
        var (client, first) = await _server.OpenAsync(options => options with
        {
            TimeProvider = clock,
            InboundTimeout = TimeSpan.FromDays(1),
            SendTimeout = TimeSpan.FromDays(40),
            ConnectTimeout = TimeSpan.FromDays(40),
            OnDisconnected = lost.SetResult,
        });
        var pinged = first.ReceiveAsync<PingFrame>();
        await Deadline.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(20));
            return pinged.IsCompleted;
        });
        await pinged;
        lost.Task.IsCompleted.Should().BeFalse();
        await Deadline.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromHours(2));
            return lost.Task.IsCompleted;
        });

        (await lost.Task).Reason.Should().StartWith("nothing was heard");
        await _server.AcceptAsync();
        client.Abort();
    }
}
