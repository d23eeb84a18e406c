using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>A follower of a list whose device reads slowly holds nothing: it is sent the newest state when it has room again.</summary>
[Trait("failure", "L9")]
public sealed class ListFollowerTests
{
    private static readonly UserId User = UserId.New();
    private static readonly ThreadId Thread = ThreadId.New();

    private readonly Lock _lock = new();
    private readonly List<ServerFrame> _sent = [];
    private readonly List<Exception> _faults = [];
    private long _head;
    private long _known; // as it was read last
    private int _reads;
    private TaskCompletionSource<bool> _room = Room();
    private int _waits; // for room

    [Fact]
    public async Task A_thousand_changes_without_room_are_read_once_and_sent_as_one_frame()
    {
        var follower = Follow();
        _room.SetResult(true);
        await Deadline.UntilAsync(() => Sent is [ThreadsCaughtUp]);
        _room = Room();
        var waits = Volatile.Read(ref _waits);
        Change(follower);
        await Deadline.UntilAsync(() => Volatile.Read(ref _waits) > waits);
        var reads = Volatile.Read(ref _reads);
        for (var i = 0; i < 1_000; i++)
        {
            Change(follower);
        }

        Volatile.Read(ref _reads).Should().Be(reads, "it has no room");
        _room.SetResult(true);

        await Deadline.UntilAsync(() => Sent is [_, ThreadListed { Head: 1_001 }]);
        await follower.EndAsync().Soon();
        Sent.Should().HaveCount(2);
        _faults.Should().BeEmpty();
    }

    [Fact]
    public async Task A_follower_that_leaves_while_it_waits_ends_at_once_and_is_sent_nothing_more()
    {
        var follower = Follow();
        await Deadline.UntilAsync(() => Volatile.Read(ref _waits) == 1);

        await follower.EndAsync().Soon();
        Change(follower);

        Sent.Should().BeEmpty();
        _faults.Should().BeEmpty();
    }

    private List<ServerFrame> Sent
    {
        get
        {
            lock (_lock)
            {
                return [.. _sent];
            }
        }
    }

    private ListFollower Follow()
    {
        var store = ServiceDecoration.Of<IThreadStore>(null!, (_, called, _) => called == nameof(IThreadStore.ListChangesAsync) ? Changes() : throw new NotSupportedException(called));
        var log = ServiceDecoration.Of<IEventLog>(null!, (_, called, _) => called == "get_LogId" ? "log" : throw new NotSupportedException(called));
        var outboxes = new TestOutboxes(
            (_, frame) =>
            {
                lock (_lock)
                {
                    _sent.Add(WireJson.DecodeServerFrame(frame.Json.Span));
                }

                return true;
            },
            waitForRoom: (_, _, cancellationToken) =>
            {
                var room = _room.Task.WaitAsync(cancellationToken);
                if (!room.IsCompleted)
                {
                    Interlocked.Increment(ref _waits);
                }

                return new ValueTask<bool>(room);
            });
        var follower = new ListFollower(User, ConnectionId.New(), 0, new ListPages(store, log), outboxes, TimeProvider.System, _faults.Add);
        follower.Signal();
        return follower;
    }

    private void Change(ListFollower follower)
    {
        Interlocked.Increment(ref _head);
        follower.Signal();
    }

    private Task<ListChanges> Changes()
    {
        Interlocked.Increment(ref _reads);
        var head = Volatile.Read(ref _head);
        var isKnown = head == Interlocked.Exchange(ref _known, head);
        return Task.FromResult(new ListChanges(isKnown ? [] : [new ListedChange(head, Thread, new ThreadRecord(Thread, null, false, default, default, head, false, 1))], HasMore: false));
    }

    private static TaskCompletionSource<bool> Room() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
