using System.Text;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>What the writer of a thread gives to the log, knows of the thread, and tells its followers.</summary>
public sealed class ThreadWriterTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));
    private readonly RecordingNode _node = new();
    private WriterBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await WriterBench.StartAsync(_clock);
        _bench.Live.Subscribe(_bench.Owner, 0, _node);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task An_append_says_all_that_the_log_must_know()
    {
        await CreateAsync();
        var command = LogWriter.Command(_bench.Owner, "c1");

        await _bench.Writer.AppendAsync(
            [
                new ThreadRewound { ToSeq = 1 }, WriterBench.Message("msg_2"), new ThreadRenamed { Title = "one", By = RenamedBy.User },
                new MessageRemoved { MessageId = new MessageId("msg_2") }, new ThreadRenamed { Title = "two", By = RenamedBy.Agent, FromSeq = 2 },
            ],
            command);

        var append = _bench.Appends.Should().ContainSingle().Subject;
        (append.Thread, append.Epoch, append.Head, append.NewOwner, append.OpenFrom, append.At).Should().Be((_bench.Thread, 1, 2, null, 1, _clock.GetUtcNow()));
        (append.Command, append.Checkpoint, append.Title, append.TitleFrom, append.Unarchives, append.DropCheckpoints).Should().Be((command, null, "two", 2, true, false));
        append.Events.Select(logged => (logged.Seq, logged.Id, logged.ReplacesAfter, logged.TakesBack)).Should().Equal(
            (3, null, 1, null), (4, "msg_2", null, null), (5, null, null, null), (6, null, null, "msg_2"), (7, null, null, null));
        var events = await _bench.EventsAsync();
        events.Skip(2).Should().OnlyContain(threadEvent => threadEvent.ThreadId == _bench.Thread && threadEvent.At == _clock.GetUtcNow());
        var (state, published) = (_bench.Writer.State!, _node.Batches[^1].Items);
        (state.Head, state.Title, state.TitleFrom, state.LastAt).Should().Be((7, "two", 2, _clock.GetUtcNow()));
        published.Select(item => item.Event.Seq).Should().Equal(3, 4, 5, 6, 7);
        published[1].Event.Json.Should().Equal(append.Events[1].Json.ToArray());
    }

    public static TheoryData<string, bool, bool, string?> Kinds => new()
    {
        { "message", false, true, "msg_2" },
        { "part", true, false, null },
        { "completed", true, false, null },
        { "stopped", true, false, null },
        { "failed", true, false, null },
        { "tool", false, false, null },
        { "asked", false, false, "call_1" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_an_event_is_says_whether_it_ends_the_part_and_by_what_it_is_found(string kind, bool endsPart, bool unarchives, string? id)
    {
        await CreateAsync();
        var run = new RunId("run_1");

        await _bench.Writer.AppendAsync([kind switch
        {
            "message" => WriterBench.Message("msg_2"),
            "part" => new AgentPart { RunId = run, PartId = new PartId("part_1"), Kind = PartKind.Text, Text = "" },
            "completed" => WriterBench.Answered("run_1"),
            "stopped" => new AgentStopped { RunId = run, MessageId = MessageId.New(), Content = "", Reason = StopReason.User },
            "failed" => new AgentFailed { RunId = run, Code = RunFailure.Internal, Message = "", Retryable = false },
            "tool" => WriterBench.Completed("run_1", "call_1"),
            _ => WriterBench.Required("run_1", "call_1", default),
        }]);

        var append = _bench.Appends.Should().ContainSingle().Subject;
        (append.DropCheckpoints, append.Unarchives, append.Events[0].Id).Should().Be((endsPart, unarchives, id));
        _node.Items.Last().Event.EndsPart.Should().Be(endsPart);
        (await _bench.Log.FindEventAsync(_bench.Thread, id ?? "none", CancellationToken.None)).Should().Be(id is null ? null : 3);
    }

    [Fact]
    public async Task A_thread_that_is_made_is_open_at_once_and_is_published_with_its_first_event()
    {
        await CreateAsync();

        (await _bench.Writer.OpenAsync()).Should().BeFalse("it is open");
        (_bench.Writer.IsOwnedBy(_bench.Owner), _bench.Writer.IsOwnedBy(UserId.New())).Should().Be((true, false));
        _bench.Writer.OwnedBy(_bench.Owner).Should().BeSameAs(_bench.Writer.State);
        FluentActions.Invoking(() => _bench.Writer.OwnedBy(UserId.New())).Should().Throw<ProtocolException>().Which.Code.Should().Be(ErrorCode.NotFound);
        _node.Items.Select(item => item.Event.Seq).Should().Equal(1, 2);
        var header = await _bench.Log.OpenAsync(_bench.Thread, CancellationToken.None);
        (header!.Owner, header.Head, header.OpenFrom, header.Epoch).Should().Be((_bench.Owner, 2, 1, 2));
    }

    [Fact]
    public async Task A_thread_that_is_not_there_has_no_state_and_is_looked_for_again()
    {
        (await _bench.Writer.OpenAsync()).Should().BeFalse();
        (_bench.Writer.State, _bench.Writer.IsOwnedBy(_bench.Owner)).Should().Be((null, false));
        await _bench.Another().AppendAsync([WriterBench.Message("msg_1")], creator: _bench.Owner);

        (await _bench.Writer.OpenAsync()).Should().BeTrue();

        _bench.Writer.State!.Head.Should().Be(1);
    }

    [Theory]
    [InlineData(nameof(AppendFault.Before), 2)]
    [InlineData(nameof(AppendFault.After), 3)]
    [InlineData(nameof(AppendFault.Bug), 2)]
    public async Task After_an_append_that_failed_the_thread_is_opened_again_and_followers_hear_what_took_effect(string fault, int head)
    {
        await CreateAsync();
        _bench.Fail(Enum.Parse<AppendFault>(fault));

        await FluentActions.Awaiting(() => _bench.Writer.AppendAsync([WriterBench.Answered("run_1")])).Should().ThrowAsync<Exception>();
        (_bench.Writer.State!.Head, _node.Items.Count()).Should().Be((2, 2), "nothing is known of it");
        (await _bench.Writer.OpenAsync()).Should().BeTrue();

        (_bench.Writer.State.Head, _bench.Writer.State.Run is null).Should().Be((head, head == 3));
        _node.Items.Skip(2).Select(item => (item.Event.Seq, item.Event.EndsPart, Encoding.UTF8.GetString(item.Event.Json).Contains("agent_completed", StringComparison.Ordinal)))
            .Should().Equal(head == 3 ? [(3L, true, true)] : []);
        (await _bench.Writer.AppendAsync([WriterBench.Message("msg_2")])).Should().Be(AppendResult.Appended.Instance, "it has the epoch of the new opening");
        _bench.Writer.State.Head.Should().Be(head + 1);
    }

    [Fact]
    public async Task A_writer_that_comes_later_knows_what_is_open_and_fences_the_one_before()
    {
        await CreateAsync();
        await _bench.Writer.AppendAsync([WriterBench.Answered("run_1"), new ThreadRenamed { Title = "named", By = RenamedBy.Agent, FromSeq = 1 }, WriterBench.Message("msg_2")]);
        var live = new ThreadPublisher(_bench.Thread, _clock, NullLogger.Instance);
        var later = _bench.Another(live);
        live.Subscribe(_bench.Owner, 0, _node);
        var before = _node.Items.Count();

        (await later.OpenAsync()).Should().BeTrue();

        later.State.Should().BeEquivalentTo(_bench.Writer.State, options => options.ComparingRecordsByMembers().Excluding(state => state!.Waiting));
        later.State!.Waiting.Should().Equal(_bench.Writer.State!.Waiting);
        live.Subscribe(_bench.Owner, 0, _node).Head.Should().Be(5);
        _node.Items.Count().Should().Be(before, "what was there before it is nobody's news");
        (await _bench.Writer.AppendAsync([WriterBench.Started("run_2", "msg_2")])).Should().Be(AppendResult.Fenced.Instance);
        (_bench.Writer.IsFenced, _bench.Writer.State.Head).Should().Be((true, 5));
        (await later.AppendAsync([WriterBench.Started("run_2", "msg_2")])).Should().Be(AppendResult.Appended.Instance);
        (await _bench.Writer.AppendAsync([WriterBench.Started("run_3", "msg_2")])).Should().Be(AppendResult.Fenced.Instance);
        (_bench.Writer.IsFenced, later.IsFenced).Should().Be((true, false));
    }

    [Fact]
    public async Task Opening_reads_from_the_oldest_open_work_on_and_the_last_event_in_any_case()
    {
        await CreateAsync();
        await _bench.Writer.AppendAsync([WriterBench.Answered("run_1")]);
        var counted = new FaultyLog(_bench.Log);
        var closed = new ThreadWriter(_bench.Thread, counted, _bench.Live, _clock);
        (await closed.OpenAsync()).Should().BeTrue();
        (counted.Reads, closed.State!.Head, closed.State.LastAt).Should().Be((1, 3, _clock.GetUtcNow()));

        await closed.AppendAsync([WriterBench.Message("msg_2"), WriterBench.Started("run_2", "msg_2"), .. Enumerable.Range(0, 600).Select(i => WriterBench.Completed("run_2", $"call_{i}"))]);
        var open = new ThreadWriter(_bench.Thread, counted, _bench.Live, _clock);
        (await open.OpenAsync()).Should().BeTrue();

        (open.State!.Head, open.State.Run!.Events, open.State.Run.OpenFrom).Should().Be((605, 600, 4));
    }

    [Fact]
    public async Task A_thread_whose_last_events_are_missing_cannot_be_opened()
    {
        await CreateAsync();
        var broken = ServiceDecoration.Of<IEventLog>(_bench.Log, (_, called, call) =>
            called == nameof(IEventLog.ReadAsync) ? Task.FromResult<IReadOnlyList<StoredEvent>>([]) : call());

        (await FluentActions.Awaiting(() => new ThreadWriter(_bench.Thread, broken, _bench.Live, _clock).OpenAsync()).Should().ThrowAsync<UnreadableThreadException>())
            .Which.Message.Should().Be($"{_bench.Thread} cannot be read at event 1: it is missing; the head is 2.");
    }

    [Fact]
    public async Task The_next_event_is_never_before_the_last()
    {
        await CreateAsync();
        _bench.Writer.Now().Should().Be(_clock.GetUtcNow());
        _clock.Advance(TimeSpan.FromTicks(1));
        _bench.Writer.Now().Should().Be(_clock.GetUtcNow());
        var other = new ThreadWriter(_bench.Thread, _bench.Log, _bench.Live, new FakeTimeProvider(_clock.Start.AddHours(-1)));

        other.Now().Should().Be(_clock.Start.AddHours(-1));
        await other.OpenAsync();

        other.Now().Should().Be(_clock.Start);
    }

    private Task CreateAsync() => _bench.CreateAsync(WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"));
}
