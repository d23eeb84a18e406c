using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Following;
using ChatBackend.Protocol;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>Whatever may have something sent wakes who sends. Without it a message waits until another one comes.</summary>
public sealed class CommandQueueSignalTests
{
    private static readonly ThreadFollower Follower = new(TheThread, default, 0);

    private static readonly Dictionary<string, Action<CommandQueue>> Steps = new()
    {
        ["a command"] = commands => _ = commands.AddAsync(Stop("c_9"), default),
        ["a ping"] = commands => commands.Ping(new PingFrame()),
        ["a follow"] = commands => _ = commands.Follow(Follower, TimeSpan.Zero),
        ["a follow again"] = commands => commands.FollowAgain(Follower, TimeSpan.Zero),
        ["another follow again"] = commands =>
        {
            _ = commands.Follow(Follower, TimeSpan.Zero);
            Drain(commands);
            commands.FollowAgain(Follower, TimeSpan.Zero);
        },
        ["a socket"] = commands => commands.Begin(new SendWindow(Established().Limits), () => []),
        ["an answer"] = commands => commands.Answer(new Ack { Id = new("c_1"), Status = AckStatus.Accepted }, _ => { }),
        ["a refusal"] = commands => commands.Refuse(new Error { Id = new("c_1"), Code = ErrorCode.NotFound, Message = "No." }),
        ["a refusal for now"] = commands => commands.Refuse(new Error { Id = new("c_1"), Code = ErrorCode.Unavailable, Message = "Later." }),
    };

    public static TheoryData<string> Names => [.. Steps.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_may_have_something_sent_wakes_who_sends(string step)
    {
        var commands = CommandQueue(null);
        _ = commands.AddAsync(Stop("c_1"), default);
        commands.Begin(new SendWindow(Established().Limits), () => []);
        commands.Next(out _).Should().NotBeNull();
        Drain(commands);

        Steps[step](commands);

        Drain(commands);
    }

    [Fact]
    public async Task A_command_that_is_given_up_and_one_that_is_kept_at_last_wake_who_sends()
    {
        var store = new GatedStore();
        var commands = CommandQueue(new PersistentSendQueue(store));
        using var giveUp = new CancellationTokenSource();
        var unfollowing = commands.AddAsync(new UnfollowFrame { Id = new("c_2"), ThreadId = TheThread }, giveUp.Token);
        Drain(commands);
        await giveUp.CancelAsync();
        await unfollowing.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        Drain(commands);

        _ = commands.AddAsync(Stop("c_3"), default);
        Drain(commands);
        var changed = commands.ChangedAsync(default);
        changed.IsCompleted.Should().BeFalse();
        store.Gate.SetResult();
        await changed.Soon();
    }

    [Fact]
    public async Task A_command_that_cannot_be_kept_wakes_who_sends_what_was_behind_it()
    {
        var store = new GatedStore();
        var commands = CommandQueue(new PersistentSendQueue(store));
        var stopping = commands.AddAsync(Stop("c_3"), default);
        Drain(commands);
        var changed = commands.ChangedAsync(default);

        store.Gate.SetException(new IOException("The disk is full."));

        await changed.Soon();
        await stopping.Invoking(task => task.Soon()).Should().ThrowAsync<IOException>();
    }

    /// <summary>Takes the one signal that is there.</summary>
    private static void Drain(CommandQueue commands)
    {
        commands.ChangedAsync(default).IsCompletedSuccessfully.Should().BeTrue("something may have become due");
        using var none = new CancellationTokenSource();
        commands.ChangedAsync(none.Token).IsCompleted.Should().BeFalse("that was all");
        none.Cancel();
    }

    private static CommandQueue CommandQueue(PersistentSendQueue? sendQueue) => new(new FakeTimeProvider(), 10, sendQueue, retriesRefused: true);

    private static StopFrame Stop(string id) => new() { Id = new(id), ThreadId = TheThread };

    /// <summary>Keeps nothing, and only once its gate is open.</summary>
    private sealed class GatedStore : ISendStore
    {
        public TaskCompletionSource Gate { get; } = new();

        public ValueTask<IReadOnlyList<StoredSend>> LoadAsync(UserId user, CancellationToken cancellationToken) => new([]);

        public ValueTask SaveAsync(UserId user, StoredSend send) => new(Gate.Task);

        public ValueTask RemoveAsync(UserId user, ClientFrameId id) => ValueTask.CompletedTask;
    }
}
