using ChatBackend.Agents;
using ChatBackend.Demo;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Branches;

/// <summary>What a run on a branch that was chosen is shown, and what is read for it where the branch lies far back.</summary>
[Trait("failure", "N1")]
public sealed class BranchHistoryTests : IDisposable
{
    private const int Turns = 700; // on the branch that was left, three events each

    private static readonly ThreadId Thread = ThreadId.New();

    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
    private readonly ThreadLog _log = new(Thread);
    private readonly RunOptions _options = new() { HistoryEvents = 40 };
    private readonly ChatHistoryCache _histories;

    public BranchHistoryTests() => _histories = new ChatHistoryCache(Options.Create(_options), _metrics.GetRequiredService<ChatMetrics>(), TimeProvider.System);

    public void Dispose()
    {
        _histories.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task A_branch_that_lies_behind_another_one_is_shown_by_its_window_and_read_no_further()
    {
        for (var i = 1; i <= 100; i++)
        {
            Exchange($"early{i}");
        }

        var left = Head;
        Add(new ThreadRewound { ToSeq = left - 3 });
        for (var i = 1; i <= Turns; i++)
        {
            Exchange($"other{i}");
        }

        Add(new BranchSelected { MessageId = new("early100"), ToSeq = left - 3, Restored = [new MessageSpan { AfterSeq = left - 3, BeforeSeq = left + 1 }] });
        Add(Message("now"), Started("now"));

        var shown = await ShownAsync("now");

        string[] expected = [.. Enumerable.Range(91, 10).SelectMany(i => new[] { $"early{i}", $"answer to early{i}" }), "now"];
        shown.Should().Equal(expected);
        _log.Reads.Should().HaveCount(6, "pages of the other branch, and the begin of this one");
        _log.Reads.Clear();
        Add(Answered("now"), new BranchSelected { MessageId = new("other1"), ToSeq = left - 3, Restored = [new MessageSpan { AfterSeq = left + 1, BeforeSeq = Head - 2 }] });
        Add(Message("then"), Started("then"));
        (await ShownAsync("then")).Should().StartWith("other691").And.HaveCount((2 * 10) + 1, "what was kept of the last run is of another branch");
    }

    [Fact]
    public void What_only_the_log_restores_cannot_be_added_to_what_was_let_go_of()
    {
        var history = new ChatHistory();
        history.Add(Message("one") with { Seq = 1 });
        history.Add(new ThreadRewound { ToSeq = 0, Seq = 2 });

        history.Invoking(kept => kept.Add(new BranchSelected { MessageId = new("one"), ToSeq = 0, Restored = [], Seq = 3 })).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void A_run_that_took_in_a_message_of_another_branch_is_shown_up_to_there()
    {
        Add(Message("one"), Started("one"), Message("two"), new AgentPart { RunId = new("one"), PartId = new("p"), Kind = PartKind.Text, Text = "before" });
        Add(new MessageSteered { RunId = new("one"), MessageId = new("two") }, Answered("one"), new ThreadRewound { ToSeq = 2 }, Message("three"));
        var path = new ActivePath();
        var events = _log.Events.Select(stored => (ThreadEvent)WireJson.DecodeServerFrame(stored.Json.Span)).ToList();
        events.ForEach(threadEvent => path.Apply(threadEvent));
        var (fromLog, asItCame) = (new ChatHistory(path), new ChatHistory());
        events.ForEach(threadEvent => fromLog.Add(threadEvent));
        events.ForEach(threadEvent => asItCame.Add(threadEvent));

        foreach (var history in new[] { fromLog, asItCame })
        {
            history.Messages().Select(shown => shown.Text).Should().Equal("one", "before");
        }
    }

    private long Head => _log.Events.Count;

    private void Add(params ThreadEvent[] events) => _log.Add(TimeProvider.System.GetUtcNow(), events);

    private void Exchange(string id) => Add(Message(id), Started(id), Answered(id));

    private async Task<List<string>> ShownAsync(string message)
    {
        var conversation = new ChatHistoryBuilder(_log, _histories, Options.Create(_options), TimeProvider.System, NullLogger<ChatHistoryBuilder>.Instance);
        var start = new RunRequest(UserId.New(), Thread, new(message), new(message), Head - 1, "helper", Head, []) { Recent = _ => [] };
        return [.. (await conversation.OfAsync(start, new Agent { Name = "helper", Model = new DemoModel() }, TestContext.Current.CancellationToken)).Messages.Select(shown => shown.Text)];
    }

    private static UserMessage Message(string id) => new() { MessageId = new(id), Content = id, ClientId = new("c") };

    private static AgentStarted Started(string message) => new() { RunId = new(message), Agent = "helper", MessageId = new(message) };

    private static AgentCompleted Answered(string run) => new() { RunId = new(run), MessageId = new("a"), Content = $"answer to {run}", DurationMs = 1 };
}
