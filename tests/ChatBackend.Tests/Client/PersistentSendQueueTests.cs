using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What a store is told, in which order, and what becomes of a command when the store fails.</summary>
public sealed class PersistentSendQueueTests
{
    private static readonly UserId User = new("usr_7");

    private readonly Store _store = new();
    private readonly PersistentSendQueue _sendQueue;
    private readonly CommandQueue _commands;

    public PersistentSendQueueTests()
    {
        _sendQueue = new PersistentSendQueue(_store);
        _commands = new CommandQueue(new FakeTimeProvider(), maxWaiting: 4, _sendQueue, retriesRefused: true);
        _commands.Begin(new SendWindow(Established().Limits), () => []);
    }

    [Fact]
    public async Task A_command_is_kept_before_it_is_sent_and_forgotten_before_its_caller_is_told()
    {
        await _sendQueue.LoadAsync(User, default);
        var held = _store.Hold();
        var stopping = _commands.AddAsync(Stop("c_1"), default);
        var unfollowing = _commands.AddAsync(new UnfollowFrame { Id = new("c_2"), ThreadId = TheThread }, default);
        _commands.Next(out _).Should().BeNull("it is not kept, and what comes after it stays after it");
        held.SetResult();
        await SentAsync("c_1");
        await SentAsync("c_2");

        held = _store.Hold();
        Answer("c_1");
        Answer("c_2");
        await unfollowing.Soon();
        await _store.IsAsync("load usr_7", "save usr_7 c_1", "remove usr_7 c_1");
        stopping.IsCompleted.Should().BeFalse("the store has not forgotten it");
        held.SetResult();
        (await stopping.Soon())!.Id.Value.Should().Be("c_1");
    }

    [Fact]
    public async Task What_is_refused_for_good_is_forgotten_and_what_the_end_leaves_open_is_kept()
    {
        var (refused, open) = (_commands.AddAsync(Stop("c_1"), default), _commands.AddAsync(Stop("c_2"), default));
        await SentAsync("c_1");
        await SentAsync("c_2");
        _commands.Refuse(new Error { Id = new("c_1"), Code = ErrorCode.NotFound, Message = "No." });
        await refused.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>();

        _commands.End(new ChatClosedException(new ConnectionEnd { Reason = "over" }));
        await open.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>();
        await _commands.SettledAsync().Soon();

        _store.Calls.Should().Equal("save  c_1", "save  c_2", "remove  c_1");
    }

    [Fact]
    public async Task What_an_earlier_process_sent_and_the_server_refuses_is_kept_with_the_error()
    {
        await _sendQueue.LoadAsync(User, default);
        StoredSend[] stored = [Stored("c_1"), Stored("c_2"), Stored("c_3") with { Refusal = """{"type":"error","code":"not_found","message":"No."}""" }];
        var restored = _commands.Restore(stored, _sendQueue);
        await SentAsync("c_1");
        await SentAsync("c_2");
        _commands.Next(out _).Should().BeNull("the third was refused before");
        _commands.Refuse(new Error { Id = new("c_1"), Code = ErrorCode.NotFound, Message = "Gone." });
        (await restored[0].Answer.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Message.Should().Be("NotFound: Gone.");
        Answer("c_2");
        (await restored[1].Answer.Soon()).Id.Value.Should().Be("c_2");
        await restored[2].Answer.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>();

        restored.Select(send => send.Command.Id.Value).Should().Equal("c_1", "c_2", "c_3");
        _store.Calls.Should().Equal("load usr_7", "save usr_7 c_1", "remove usr_7 c_2");
        _store.Saved.Should().ContainSingle().Which.Should().Match<StoredSend>(send => send.Json == Stored("c_1").Json && send.Refusal!.Contains("Gone.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_kept_is_not_sent_and_leaves_its_place_to_the_next()
    {
        var held = _store.Hold();
        var lost = _commands.AddAsync(Stop("c_1"), default);
        var next = _commands.AddAsync(Stop("c_2"), default);
        held.SetException(new IOException("The disk is full."));

        await lost.Invoking(task => task.Soon()).Should().ThrowAsync<IOException>();

        await SentAsync("c_2");
        Answer("c_2");
        await next.Soon();
        _store.Calls.Should().Equal("save  c_1", "save  c_2", "remove  c_2");
    }

    [Fact]
    public async Task The_same_command_joins_the_one_that_waits_and_another_one_under_its_id_is_refused()
    {
        var first = _commands.AddAsync(Stop("c_1"), default);
        var joined = _commands.AddAsync(Stop("c_1"), default);
        (await _commands.Invoking(commands => commands.AddAsync(Stop("c_1") with { ThreadId = new("thr_2") }, default)).Should().ThrowAsync<ChatErrorException>())
            .WithMessage("IdConflict: c_1 waits for its answer already and says something else.");

        await SentAsync("c_1");
        Answer("c_1");

        (await Task.WhenAll(first, joined).Soon()).Should().OnlyContain(ack => ack!.Id.Value == "c_1");
        _store.Calls.Should().Equal("save  c_1", "remove  c_1");
    }

    [Fact]
    public async Task It_is_settled_when_the_store_has_all_it_was_told_also_when_it_failed()
    {
        var held = _store.Hold();
        _ = _commands.AddAsync(Stop("c_1"), default).ContinueWith(static _ => { }, TaskScheduler.Default);
        var settling = _commands.SettledAsync();
        settling.IsCompleted.Should().BeFalse();

        held.SetException(new IOException("The disk is full."));

        await settling.Soon();
        await new CommandQueue(new FakeTimeProvider(), 1, sendQueue: null, retriesRefused: false).SettledAsync().Soon();
    }

    [Fact]
    public async Task A_store_that_takes_its_time_holds_up_nobody_who_sends()
    {
        using var isOpen = new ManualResetEventSlim();
        _store.Saving = () => isOpen.Wait(TestContext.Current.CancellationToken);
        var adding = Task.Run(() => _commands.AddAsync(Stop("c_1"), default));

        await Deadline.UntilAsync(() => _store.Calls.Count == 1);
        (await Task.Run(() =>
        {
            _commands.Ping(new PingFrame());
            return _commands.Next(out _);
        }).Soon()).Should().NotBeNull();

        isOpen.Set();
        await SentAsync("c_1");
        Answer("c_1");
        await adding.Soon();
    }

    private async Task SentAsync(string id)
    {
        byte[]? frame = null;
        await Deadline.UntilAsync(() => (frame = _commands.Next(out _)) is not null);
        ((ClientCommand)ClientFrameReader.Read(frame).Frame!).Id.Value.Should().Be(id);
    }

    private void Answer(string id) => _commands.Answer(new Ack { Id = new(id), Status = AckStatus.Accepted }, _ => { });

    private static StopFrame Stop(string id) => new() { Id = new(id), ThreadId = TheThread };

    private static StoredSend Stored(string id) => new(new(id), $$"""{"type":"stop","id":"{{id}}","thread_id":"thr_1"}""");

    /// <summary>Writes down what it is told.</summary>
    private sealed class Store : ISendStore
    {
        private readonly List<string> _calls = [];
        private Task _held = Task.CompletedTask;

        public List<StoredSend> Saved { get; } = [];

        /// <summary>Called by each save.</summary>
        public Action Saving { get; set; } = () => { };

        public IReadOnlyList<string> Calls
        {
            get
            {
                lock (_calls)
                {
                    return [.. _calls];
                }
            }
        }

        /// <summary>The next steps wait for it.</summary>
        public TaskCompletionSource Hold()
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _held = gate.Task;
            return gate;
        }

        public Task IsAsync(params string[] calls) => Deadline.UntilAsync(() => Calls.SequenceEqual(calls));

        public ValueTask<IReadOnlyList<StoredSend>> LoadAsync(UserId user, CancellationToken cancellationToken)
        {
            Add($"load {user}");
            return new([]);
        }

        public ValueTask SaveAsync(UserId user, StoredSend send)
        {
            Add($"save {user} {send.Id}");
            Saved.Add(send);
            Saving();
            return StepAsync();
        }

        public ValueTask RemoveAsync(UserId user, ClientFrameId id)
        {
            Add($"remove {user} {id}");
            return StepAsync();
        }

        private ValueTask StepAsync() => new(Interlocked.Exchange(ref _held, Task.CompletedTask));

        private void Add(string call)
        {
            lock (_calls)
            {
                _calls.Add(call);
            }
        }
    }
}
