using ChatBackend.Client;
using ChatBackend.Protocol;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class RefusedForNowTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(ErrorCode.Unavailable)]
    [InlineData(ErrorCode.RateLimited)]
    [Trait("failure", "E1")]
    public async Task A_command_is_sent_again_under_its_id_when_the_server_says_and_not_before(ErrorCode code)
    {
        var clock = new FakeTimeProvider();
        var (client, socket) = await _server.OpenAsync(options => options with { TimeProvider = clock, PingInterval = TimeSpan.FromHours(1), SendTimeout = TimeSpan.FromDays(1) });
        var sending = client.ChatAsync("hello", TheThread);
        var sent = await socket.ReceiveAsync<ChatFrame>();
        await socket.SendAsync(new Error { Id = sent.Id, Code = code, Message = "Later.", RetryAfterMs = 30_000 });
        await PingAsync(client, socket);
        clock.Advance(TimeSpan.FromSeconds(29));
        await PingAsync(client, socket);

        clock.Advance(TimeSpan.FromSeconds(2));

        (await socket.ReceiveAsync<ChatFrame>()).Should().Be(sent);
        await socket.SendAsync(Ack(sent));
        await sending.Soon();
        client.Abort();
    }

    [Fact]
    [Trait("failure", "D17")]
    public async Task What_was_not_sent_yet_waits_behind_it_in_its_thread_and_nowhere_else()
    {
        var (client, socket) = await _server.OpenAsync();
        var one = client.ChatAsync("one", TheThread);
        var sent = await socket.ReceiveAsync<ChatFrame>();
        await socket.SendAsync(new Error { Id = sent.Id, Code = ErrorCode.Unavailable, Message = "Later.", RetryAfterMs = 3_600_000 });
        await PingAsync(client, socket);
        var two = client.ChatAsync("two", TheThread);
        var elsewhere = client.StopAsync(new ThreadId("thr_2"));

        await socket.SendAsync(Ack(await socket.ReceiveAsync<StopFrame>()));
        await elsewhere.Soon();
        client.Drop(); // a new socket is a new chance

        var second = await _server.AcceptAsync();
        ChatFrame[] again = [await second.ReceiveAsync<ChatFrame>(), await second.ReceiveAsync<ChatFrame>()];
        again.Select(frame => frame.Content).Should().Equal("one", "two");
        await second.SendAsync(again.Select(frame => Ack(frame)));
        await Task.WhenAll(one, two).Soon();
        client.Abort();
    }

    [Fact]
    public async Task Who_was_faster_is_told_to_who_was_not()
    {
        var (client, socket) = await _server.OpenAsync();
        var deciding = client.DecideAsync(Required(3), ApprovalDecision.Approve);
        var decide = await socket.ReceiveAsync<DecideFrame>();
        await socket.SendAsync(new Error { Id = decide.Id, Code = ErrorCode.AlreadyDecided, Message = "No.", Decision = ApprovalDecision.Reject, DecidedBy = new UserId("usr_2") });

        var refused = (await deciding.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which;
        refused.Should().BeEquivalentTo(new { Code = ErrorCode.AlreadyDecided, Decision = ApprovalDecision.Reject, DecidedBy = new UserId("usr_2") });
        client.Abort();
    }

    [Fact]
    public async Task Replaces_and_the_message_of_a_stop_are_said()
    {
        var (client, socket) = await _server.OpenAsync();
        _ = client.ChatAsync("other", TheThread, whenRunning: WhenRunning.Interrupt, replaces: Question).ContinueWith(static _ => { }, TaskScheduler.Default);
        _ = client.StopAsync(TheThread, message: Question).ContinueWith(static _ => { }, TaskScheduler.Default);

        (await socket.ReceiveAsync<ChatFrame>()).Should().BeEquivalentTo(new { Replaces = Question, WhenRunning = WhenRunning.Interrupt });
        (await socket.ReceiveAsync<StopFrame>()).MessageId.Should().Be(Question);
        client.Abort();
    }

    private static async Task PingAsync(ChatConnection client, ScriptedSocket socket)
    {
        var pinging = client.PingAsync();
        await socket.SendAsync(new Pong { Id = (await socket.ReceiveAsync<PingFrame>()).Id, ServerTime = DateTimeOffset.UnixEpoch });
        await pinging.Soon();
    }
}
