using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What each call of a connection sends, gives back and leaves behind.</summary>
public sealed class VerbTests : OpenClient
{
    [Fact]
    public async Task Each_call_sends_what_it_was_given_under_the_callers_id_and_returns_the_answer()
    {
        var id = new ClientFrameId("mine");
        ClientCommand chat = new ChatFrame { Id = id, Content = "hello", ThreadId = TheThread, Agent = "demo", WhenRunning = WhenRunning.Reject, Replaces = Question };
        ClientCommand stop = new StopFrame { Id = id, ThreadId = TheThread, RunId = Run, MessageId = Question };
        ClientCommand decide = new DecideFrame { Id = id, ThreadId = TheThread, CallId = Call, ArgumentsDigest = "sha256:1", Decision = ApprovalDecision.Approve, Note = "yes" };
        foreach (var (expected, call) in new (ClientCommand, Func<Task<Ack>>)[]
        {
            (chat, () => Client.ChatAsync("hello", TheThread, "demo", WhenRunning.Reject, id, Question)),
            (stop, () => Client.StopAsync(TheThread, Run, id, Question)),
            (decide, () => Client.DecideAsync(Required(3), ApprovalDecision.Approve, "yes", id)),
        })
        {
            var calling = call();
            (await Socket.ReceiveAsync<ClientCommand>()).Should().Be(expected);
            var ack = Ack(expected, seq: 9, AckStatus.Duplicate);
            await Socket.SendAsync(ack);
            (await calling.Soon()).Should().Be(ack);
        }
    }

    [Fact]
    public async Task Two_calls_without_an_id_have_different_ones()
    {
        var ids = new HashSet<ClientFrameId>();
        Task[] calls =
        [
            Client.ChatAsync("one"), Client.ChatAsync("two"), Client.StopAsync(TheThread), Client.StopAsync(TheThread),
            Client.DecideAsync(Required(3), ApprovalDecision.Reject), Client.AuthenticateAsync("token-2"), Client.UnfollowAsync(TheThread),
        ];
        foreach (var _ in calls)
        {
            var command = await Socket.ReceiveAsync<ClientCommand>();
            ids.Add(command.Id);
            await Socket.SendAsync(new Ack { Id = command.Id, Status = AckStatus.Accepted });
        }

        await Task.WhenAll(calls).Soon();
        ids.Should().HaveCount(calls.Length);
    }

    [Fact]
    public async Task A_refusal_of_any_call_is_the_callers()
    {
        foreach (var call in new Func<Task>[]
        {
            () => Client.AuthenticateAsync("token-2"), () => Client.UnfollowAsync(TheThread), () => Client.StopAsync(TheThread),
        })
        {
            var calling = call();
            await Socket.SendAsync(new Error { Id = (await Socket.ReceiveAsync<ClientCommand>()).Id, Code = ErrorCode.NotFound, Message = "No." });
            await calling.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>();
        }
    }

    [Fact]
    public async Task Who_gives_up_following_a_new_thread_does_not_follow_it_and_a_followed_one_stays()
    {
        using var giveUp = new CancellationTokenSource();
        var following = Client.FollowAsync(TheThread, cancellationToken: giveUp.Token);
        await Socket.ReceiveAsync<FollowFrame>();
        await giveUp.CancelAsync();
        await following.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        Client.Invoking(client => client.FollowerOf(TheThread)).Should().Throw<InvalidOperationException>().WithMessage("thr_1 is not followed. FollowAsync does that.");

        var again = Client.FollowAsync(TheThread);
        await Socket.ReceiveAsync<FollowFrame>();
        await Socket.SendAsync(Message(1), CaughtUp(1));
        var follower = await again.Soon();
        await Client.Invoking(client => client.FollowAsync(TheThread, cancellationToken: giveUp.Token)).Should().ThrowAsync<OperationCanceledException>();
        Client.FollowerOf(TheThread).Should().BeSameAs(follower);
    }

    [Fact]
    public async Task A_thread_that_is_followed_already_is_caught_up_with_once_more()
    {
        var following = Client.FollowAsync(TheThread);
        await Socket.ReceiveAsync<FollowFrame>();
        await Socket.SendAsync(Message(1), CaughtUp(1));
        var follower = await following.Soon();

        var again = Client.FollowAsync(TheThread, afterSeq: 1);
        (await Socket.ReceiveAsync<FollowFrame>()).AfterSeq.Should().Be(1);
        again.IsCompleted.Should().BeFalse();
        await Socket.SendAsync(CaughtUp(1));

        (await again.Soon()).Should().BeSameAs(follower);
    }

    [Fact]
    public async Task An_unfollowed_thread_tells_who_waits_for_it_at_once()
    {
        var following = Client.FollowAsync(TheThread);
        await Socket.ReceiveAsync<FollowFrame>();
        await Socket.SendAsync(Message(1), CaughtUp(1));
        var follower = await following.Soon();
        var waiting = follower.WaitForRunEndAsync(Run);

        _ = Client.UnfollowAsync(TheThread);

        await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>().WithMessage("The connection is closed: thr_1 is no longer followed.");
        (await Socket.ReceiveAsync<UnfollowFrame>()).ThreadId.Should().Be(TheThread);
        (await follower.ReadAsync()).Should().Equal(Message(1));
    }

    [Fact]
    public async Task What_is_not_given_is_a_mistake_of_the_callers()
    {
        await Client.Invoking(client => client.DecideAsync(null!, ApprovalDecision.Approve)).Should().ThrowAsync<ArgumentNullException>().WithParameterName("required");
        await Client.Invoking(client => client.DiscardAsync(null!)).Should().ThrowAsync<ArgumentNullException>().WithParameterName("refused");
    }

    [Fact]
    public async Task Only_a_restored_command_that_was_refused_can_be_discarded()
    {
        var command = new StopFrame { Id = new("c_1"), ThreadId = TheThread };
        var refused = Task.FromException<Ack>(new ChatErrorException(new Error { Code = ErrorCode.NotFound, Message = "No." }));
        foreach (var answer in new[] { refused, Task.FromResult(Ack(command)), new TaskCompletionSource<Ack>().Task, Task.FromException<Ack>(new IOException()) })
        {
            await Client.Invoking(client => client.DiscardAsync(new RestoredSend(command, answer)))
                .Should().ThrowAsync<InvalidOperationException>().WithMessage("c_1 is not a restored command that was refused.");
        }
    }
}
