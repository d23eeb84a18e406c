using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What each call of a connection sends, gives back and leaves behind.</summary>
public sealed class VerbTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;
    private ChatConnection _client = null!;
    private ScriptedSocket _socket = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ScriptedServer.StartAsync();
        (_client, _socket) = await _server.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Abort();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Each_call_sends_what_it_was_given_under_the_callers_id_and_returns_the_answer()
    {
        var id = new ClientFrameId("mine");
        ClientCommand chat = new ChatFrame { Id = id, Content = "hello", ThreadId = TheThread, Agent = "demo", WhenRunning = WhenRunning.Reject, Replaces = Question };
        ClientCommand stop = new StopFrame { Id = id, ThreadId = TheThread, RunId = Run, MessageId = Question };
        ClientCommand decide = new DecideFrame { Id = id, ThreadId = TheThread, CallId = Call, ArgumentsDigest = "sha256:1", Decision = ApprovalDecision.Approve, Note = "yes" };
        foreach (var (expected, call) in new (ClientCommand, Func<Task<Ack>>)[]
        {
            (chat, () => _client.ChatAsync("hello", TheThread, "demo", WhenRunning.Reject, id, Question)),
            (stop, () => _client.StopAsync(TheThread, Run, id, Question)),
            (decide, () => _client.DecideAsync(Required(3), ApprovalDecision.Approve, "yes", id)),
        })
        {
            var calling = call();
            (await _socket.ReceiveAsync<ClientCommand>()).Should().Be(expected);
            var ack = Ack(expected, seq: 9, AckStatus.Duplicate);
            await _socket.SendAsync(ack);
            (await calling.Soon()).Should().Be(ack);
        }
    }

    [Fact]
    public async Task Two_calls_without_an_id_have_different_ones()
    {
        var ids = new HashSet<ClientFrameId>();
        Task[] calls =
        [
            _client.ChatAsync("one"), _client.ChatAsync("two"), _client.StopAsync(TheThread), _client.StopAsync(TheThread),
            _client.DecideAsync(Required(3), ApprovalDecision.Reject), _client.AuthenticateAsync("token-2"), _client.UnfollowAsync(TheThread),
        ];
        foreach (var _ in calls)
        {
            var command = await _socket.ReceiveAsync<ClientCommand>();
            ids.Add(command.Id);
            await _socket.SendAsync(new Ack { Id = command.Id, Status = AckStatus.Accepted });
        }

        await Task.WhenAll(calls).Soon();
        ids.Should().HaveCount(calls.Length);
    }

    [Fact]
    public async Task A_refusal_of_any_call_is_the_callers()
    {
        foreach (var call in new Func<Task>[]
        {
            () => _client.AuthenticateAsync("token-2"), () => _client.UnfollowAsync(TheThread), () => _client.StopAsync(TheThread),
        })
        {
            var calling = call();
            await _socket.SendAsync(new Error { Id = (await _socket.ReceiveAsync<ClientCommand>()).Id, Code = ErrorCode.NotFound, Message = "No." });
            await calling.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>();
        }
    }

    [Fact]
    public async Task Who_gives_up_following_a_new_thread_does_not_follow_it_and_a_followed_one_stays()
    {
        using var giveUp = new CancellationTokenSource();
        var following = _client.FollowAsync(TheThread, cancellationToken: giveUp.Token);
        await _socket.ReceiveAsync<FollowFrame>();
        await giveUp.CancelAsync();
        await following.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        _client.Invoking(client => client.FollowerOf(TheThread)).Should().Throw<InvalidOperationException>().WithMessage("thr_1 is not followed. FollowAsync does that.");

        var again = _client.FollowAsync(TheThread);
        await _socket.ReceiveAsync<FollowFrame>();
        await _socket.SendAsync(Message(1), CaughtUp(1));
        var follower = await again.Soon();
        await _client.Invoking(client => client.FollowAsync(TheThread, cancellationToken: giveUp.Token)).Should().ThrowAsync<OperationCanceledException>();
        _client.FollowerOf(TheThread).Should().BeSameAs(follower);
    }

    [Fact]
    public async Task A_thread_that_is_followed_already_is_caught_up_with_once_more()
    {
        var following = _client.FollowAsync(TheThread);
        await _socket.ReceiveAsync<FollowFrame>();
        await _socket.SendAsync(Message(1), CaughtUp(1));
        var follower = await following.Soon();

        var again = _client.FollowAsync(TheThread, afterSeq: 1);
        (await _socket.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(1);
        again.IsCompleted.Should().BeFalse();
        await _socket.SendAsync(CaughtUp(1));

        (await again.Soon()).Should().BeSameAs(follower);
    }

    [Fact]
    public async Task An_unfollowed_thread_tells_who_waits_for_it_at_once()
    {
        var following = _client.FollowAsync(TheThread);
        await _socket.ReceiveAsync<FollowFrame>();
        await _socket.SendAsync(Message(1), CaughtUp(1));
        var follower = await following.Soon();
        var waiting = follower.WaitForRunEndAsync(Run);

        _ = _client.UnfollowAsync(TheThread);

        await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>().WithMessage("The connection is closed: thr_1 is no longer followed.");
        (await _socket.ReceiveAsync<UnfollowFrame>()).ThreadId.Should().Be(TheThread);
        (await follower.ReadAsync()).Should().Equal(Message(1));
    }

    [Fact]
    public async Task What_is_not_given_is_a_mistake_of_the_callers()
    {
        await _client.Invoking(client => client.DecideAsync(null!, ApprovalDecision.Approve)).Should().ThrowAsync<ArgumentNullException>().WithParameterName("required");
        await _client.Invoking(client => client.DiscardAsync(null!)).Should().ThrowAsync<ArgumentNullException>().WithParameterName("refused");
    }

    [Fact]
    public async Task Only_a_restored_command_that_was_refused_can_be_discarded()
    {
        var command = new StopFrame { Id = new("c_1"), ThreadId = TheThread };
        var refused = Task.FromException<Ack>(new ChatErrorException(new Error { Code = ErrorCode.NotFound, Message = "No." }));
        foreach (var answer in new[] { refused, Task.FromResult(Ack(command)), new TaskCompletionSource<Ack>().Task, Task.FromException<Ack>(new IOException()) })
        {
            await _client.Invoking(client => client.DiscardAsync(new RestoredSend(command, answer)))
                .Should().ThrowAsync<InvalidOperationException>().WithMessage("c_1 is not a restored command that was refused.");
        }
    }
}
