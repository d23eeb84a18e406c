using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Demo;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Runs;

/// <summary>What a run is shown, and what is read of the log for it.</summary>
public sealed class ChatHistoryBuilderTests : IDisposable
{
    private static readonly ThreadId Thread = ThreadId.New();

    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
    private readonly WatchedClock _clock = new();
    private readonly ThreadLog _log = new(Thread);
    private readonly RunOptions _options = new();
    private readonly ChatHistoryCache _histories;

    public ChatHistoryBuilderTests() => _histories = new ChatHistoryCache(Options.Create(_options), _metrics.GetRequiredService<ChatMetrics>(), _clock);

    [Fact]
    public async Task What_happens_while_a_run_begins_is_not_for_it()
    {
        ChatTurn("one");
        Begin("two");
        Add(new ThreadRewound { ToSeq = 0 }, Message("instead"));

        (await ShownAsync("two", 5, recent: 0)).Should().Equal("one", "answer to one", "two");

        _log.Reads.Should().BeEmpty("it is all in memory");
    }

    [Fact]
    public async Task Instructions_come_first_and_without_any_there_is_no_message()
    {
        Begin("one");

        (await ShownAsync("one", 2, recent: 0, instructions: "Be kind.")).Should().Equal("Be kind.", "one");
        (await ShownAsync("one", 2, recent: 0, instructions: "")).Should().Equal("one");
        (await ShownAsync("one", 2, recent: 0)).Should().Equal("one");
    }

    [Fact]
    public async Task From_memory_from_the_log_and_from_what_the_last_run_was_shown_a_run_is_shown_the_same()
    {
        for (var i = 1; i <= 30; i++)
        {
            ChatTurn($"m{i}");
        }

        foreach (var window in new[] { 1, 2, 3, 4, 30, 87, 88, 400 })
        {
            _options.HistoryEvents = window;
            _histories.Forget(Thread);
            var (start, step) = (89, Math.Max(window / 4, 1));
            var begins = Math.Max(89 - window, 1) is var at && at > 1 ? Enumerable.Range(at, step).Single(seq => seq % step == 0) : 1;
            var expected = Enumerable.Range(1, 30).Where(i => (i * 3) - 2 >= begins || i == 30);
            string[] texts = [.. expected.SelectMany(i => i == 30 ? [$"m{i}"] : new[] { $"m{i}", $"answer to m{i}" })];
            _log.Reads.Clear();
            (await ShownAsync("m30", start, recent: 0)).Should().Equal(texts, "from memory, of {0}", window);
            _log.Reads.Should().BeEmpty();
            _histories.Forget(Thread);
            (await ShownAsync("m30", start, recent: null)).Should().Equal(texts, "from the log, of {0}", window);
            _log.Reads.Should().NotBeEmpty();
            _histories.Forget(Thread);

            await ShownAsync("m29", start - 3, recent: null);
            _log.Reads.Clear();
            (await ShownAsync("m30", start, recent: 86)).Should().Equal(texts, "on top of what the last run was shown, of {0}", window);
            _log.Reads.Should().BeEmpty();
            (await ShownAsync("m30", start, recent: null)).Should().Equal(texts, "of {0}, by a run of the same place", window);
        }
    }

    [Fact]
    public async Task What_the_last_run_did_not_see_is_read_from_the_log_where_it_is_in_no_memory()
    {
        ChatTurn("one");
        await ShownAsync("one", 2, recent: 0);
        Begin("two");
        _log.Reads.Clear();

        (await ShownAsync("two", 5, recent: 4)).Should().Equal("one", "answer to one", "two");

        _log.Reads.Should().Equal("before 6: 3");
    }

    [Theory]
    [InlineData(512, "before 515: 512")]
    [InlineData(513, "before 516: 401")]
    public async Task As_much_as_a_page_that_the_last_run_did_not_see_is_read_on_top_of_it(int missed, string read)
    {
        Begin("one");
        await ShownAsync("one", 2, recent: 0);
        for (var i = 0; i < missed - 2; i++)
        {
            Add(new ThreadRenamed { Title = "t", By = RenamedBy.User });
        }

        Begin("two");

        (await ShownAsync("two", missed + 2, recent: null)).Should().Contain("two");

        _log.Reads.Should().Equal(read);
    }

    [Fact]
    public async Task What_is_kept_is_a_little_more_than_what_is_shown_so_that_what_a_replaced_message_uncovers_is_not_read()
    {
        _options.HistoryEvents = 8;
        for (var i = 1; i <= 40; i++)
        {
            Begin($"m{i:00}");
            await ShownAsync($"m{i:00}", (3 * i) - 1, recent: Math.Max(0, (3 * i) - 4));
            _histories.Bytes.Should().BeInRange(300, 6 * 640, "five exchanges and a question are the most");
            Add(new AgentCompleted { RunId = new($"m{i:00}"), MessageId = new("a"), Content = $"answer to m{i:00}", DurationMs = 1 });
        }

        Add(new ThreadRewound { ToSeq = 114 });
        Begin("again");

        (await ShownAsync("again", 123, recent: 119)).Should().Equal("m38", "answer to m38", "again");

        _log.Reads.Should().BeEmpty();
    }

    [Fact]
    public async Task An_agent_that_is_shown_no_history_is_shown_the_message_and_keeps_nothing()
    {
        ChatTurn("one");
        Begin("two");

        (await ShownAsync("two", 5, recent: 0, isShownHistory: false)).Should().Equal("two");
        (await ShownAsync("two", 5, recent: null, isShownHistory: false)).Should().Equal("two");

        (_log.Reads.Count, _histories.Bytes).Should().Be((1, 0));
    }

    [Fact]
    public async Task A_message_that_lies_far_back_is_found_page_by_page()
    {
        _options.HistoryEvents = 0;
        Add(Message("first"));
        for (var i = 0; i < 150; i++)
        {
            Add(new ThreadRenamed { Title = "t", By = RenamedBy.User });
        }

        Add(Started("first"));

        (await ShownAsync("first", 152, recent: null)).Should().Equal("first");

        _log.Reads.Should().Equal("before 153: 64", "before 89: 64", "before 25: 64");
    }

    [Fact]
    public async Task What_was_replaced_does_not_count_so_that_more_is_read()
    {
        _options.HistoryEvents = 5;
        ChatTurn("kept");
        for (var i = 0; i < 100; i++)
        {
            Add(Message($"gone {i}"));
        }

        Add(new ThreadRewound { ToSeq = 3 });
        Begin("asked");

        (await ShownAsync("asked", 106, recent: null)).Should().Equal("kept", "answer to kept", "asked");

        _log.Reads.Should().Equal("before 107: 64", "before 43: 64");
    }

    [Fact]
    public async Task A_page_has_512_events_at_most()
    {
        _options.HistoryEvents = 600;
        for (var i = 0; i < 700; i++)
        {
            Add(new ThreadRenamed { Title = "t", By = RenamedBy.User });
        }

        Begin("asked");

        (await ShownAsync("asked", 702, recent: null)).Should().Equal("asked");

        _log.Reads.Should().Equal("before 703: 512", "before 191: 89");
    }

    [Fact]
    public async Task A_run_whose_message_is_nowhere_cannot_be_shown_its_thread()
    {
        ChatTurn("one");
        Add(Started("nowhere"));

        (await FluentActions.Awaiting(() => ShownAsync("nowhere", 4, recent: null)).Should().ThrowAsync<UnreadableThreadException>())
            .Which.Message.Should().Be($"{Thread} cannot be read at event 4: it is not the message that nowhere answers.");
    }

    [Fact]
    public async Task A_store_that_is_away_is_asked_again_after_a_time_that_doubles()
    {
        Begin("one");
        _log.Away = 7;

        var showing = ShownAsync("one", 2, recent: null);
        foreach (var milliseconds in new[] { 100, 200, 400, 800, 1600, 2000 })
        {
            await _clock.BegunAsync(TimeSpan.FromMilliseconds(milliseconds));
            _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        }

        await _clock.BegunAsync(TimeSpan.FromSeconds(2), times: 2);
        showing.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(2));
        (await showing.Soon()).Should().Equal("one");
        _log.Reads.Should().HaveCount(8);
    }

    [Fact]
    public async Task Memory_that_is_a_day_old_is_not_trusted_since_retention_may_have_let_it_go()
    {
        Begin("one");
        _clock.Advance(TimeSpan.FromHours(23.9));
        await ShownAsync("one", 2, recent: 0);
        _log.Reads.Should().BeEmpty();
        _histories.Forget(Thread);

        _clock.Advance(TimeSpan.FromHours(0.1));
        await ShownAsync("one", 2, recent: 0);

        _log.Reads.Should().ContainSingle();
        _histories.Forget(Thread);
        await ShownAsync("one", 2, recent: 0, isShownHistory: false);
        _log.Reads.Should().ContainSingle("the message to answer is there in any case");
    }

    [Fact]
    public async Task A_run_that_goes_on_is_shown_what_it_did_and_what_others_did_not_and_keeps_nothing()
    {
        ChatTurn("one");
        Begin("two");
        Add(new AgentPart { RunId = new("two"), PartId = new("p"), Kind = PartKind.Text, Text = "Let me ask." });
        Add(new ApprovalRequired { RunId = new("two"), CallId = new("call_1"), Tool = "mail", Arguments = JsonElement.Parse("{}"), ArgumentsDigest = "", ExpiresAt = default });
        Add(Message("entering"), new ThreadRewound { ToSeq = 3 }, new AgentPart { RunId = new("other"), PartId = new("q"), Kind = PartKind.Text, Text = "not this" });
        Add(new MessageSteered { RunId = new("two"), MessageId = new("entering") });
        var required = (ApprovalRequired)_log.Events[6].Decode(Thread);

        (await ShownAsync("two", 5, recent: 0, resumes: [required])).Should().Equal("one", "answer to one", "two", "Let me ask.", "entering");

        _log.Reads.Should().Equal("after 5: 512", "after 11: 512");
        _histories.Bytes.Should().Be(0);
    }

    public void Dispose() => _metrics.Dispose();

    private void Add(params ThreadEvent[] events) => _log.Add(_clock.GetUtcNow(), events);

    private void Begin(string id) => Add(Message(id), Started(id));

    private void ChatTurn(string id)
    {
        Begin(id);
        Add(new AgentCompleted { RunId = new(id), MessageId = new("a"), Content = $"answer to {id}", DurationMs = 1 });
    }

    /// <param name="recent">The event after which all are in memory; null when none is.</param>
    private async Task<List<string>> ShownAsync(
        string message, long startSeq, long? recent, string? instructions = null, bool isShownHistory = true, ApprovalRequired[]? resumes = null)
    {
        var conversation = new ChatHistoryBuilder(_log, _histories, Options.Create(_options), _clock, NullLogger<ChatHistoryBuilder>.Instance);
        var answersSeq = _log.Events.Select(stored => stored.Decode(Thread)).OfType<UserMessage>().LastOrDefault(asked => asked.MessageId.Value == message)?.Seq ?? startSeq;
        var start = new RunRequest(UserId.New(), Thread, new(message), new(message), recent is null ? startSeq : answersSeq, "helper", startSeq, resumes ?? [])
        {
            Recent = after => recent is { } from ? [.. _log.Events.Where(stored => stored.Seq > Math.Max(after, from))] : [],
        };
        var agent = new Agent { Name = "helper", Model = new DemoModel(), Instructions = instructions, IsShownHistory = isShownHistory };
        return [.. (await conversation.OfAsync(start, agent, TestContext.Current.CancellationToken)).Messages.Select(shown => shown.Text)];
    }

    private static UserMessage Message(string id) => new() { MessageId = new(id), Content = id, ClientId = new("c") };

    private static AgentStarted Started(string message) => new() { RunId = new(message), Agent = "helper", MessageId = new(message) };
}
