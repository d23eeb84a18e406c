using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads.Titles;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>Which thread gets a title, and from what.</summary>
public sealed class AutoTitleRulesTests : IAsyncLifetime
{
    private WriterBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await WriterBench.StartAsync(new FakeTimeProvider());

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData("script", "the answer", "the answer")]
    [InlineData("script", null, "the question")]
    [InlineData("script", " \n ", "the question")]
    [InlineData("demo", "the answer", "the question")]
    public async Task A_title_is_the_message_or_the_answer_to_a_script(string agent, string? answer, string title)
    {
        await BeginAsync(agent);

        var renamed = await Titles().ForAsync(_bench.Writer.State!, answer);

        renamed.Should().Be(new ThreadRenamed { Title = title, By = RenamedBy.Agent, FromSeq = 2 });
    }

    [Fact]
    public async Task A_thread_gets_none_that_has_one_or_whose_run_is_over_or_replaced_or_where_titles_are_off()
    {
        await BeginAsync("script");
        var state = _bench.Writer.State!;

        (await Titles(isEnabled: false).ForAsync(state, "answer")).Should().BeNull();
        (await Titles().ForAsync(state with { Title = "has one", TitleFrom = 2 }, "answer")).Should().BeNull();
        (await Titles().ForAsync(state with { Title = "has one" }, "answer")).Should().BeNull();
        (await Titles().ForAsync(state with { Run = null }, "answer")).Should().BeNull();
        (await Titles().ForAsync(state with { Run = state.Run! with { IsReplaced = true } }, "answer")).Should().BeNull();
        (await Titles().ForAsync(state with { Run = state.Run with { Answers = new MessageId("msg_9") } }, "answer")).Should().BeNull("its message is not there");
        (await Titles().ForAsync(state with { Title = "of what was replaced", TitleFrom = 0 }, "answer"))!.Title.Should().Be("answer");
    }

    [Theory]
    [InlineData(" \n ", "demo")]
    [InlineData(" \n ", "script")]
    public async Task A_message_that_says_nothing_gives_none(string content, string agent)
    {
        await BeginAsync(agent, content);

        (await Titles().ForAsync(_bench.Writer.State!, null)).Should().BeNull();
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_costs_the_title_and_not_the_end_of_the_run()
    {
        await BeginAsync("script");
        using var lines = new LogLines("");
        var broken = ServiceDecoration.Of<IEventLog>(_bench.Log, (_, called, call) =>
            called == nameof(IEventLog.ReadAsync) ? Task.FromResult<IReadOnlyList<StoredEvent>>([new StoredEvent(2, "{"u8.ToArray())]) : call());

        (await new AutoTitle(_bench.Thread, broken, true, lines).ForAsync(_bench.Writer.State!, "answer")).Should().BeNull();

        lines.All.Should().ContainSingle().Which.Should().StartWith($"Warning: {_bench.Thread} gets no title, because the message cannot be read");
    }

    [Fact]
    public async Task A_store_that_is_away_is_told_of()
    {
        await BeginAsync("script");
        var away = ServiceDecoration.Of<IEventLog>(_bench.Log, (_, _, _) => throw new LogUnavailableException("The store is away."));

        await FluentActions.Awaiting(() => new AutoTitle(_bench.Thread, away, true, NullLogger.Instance).ForAsync(_bench.Writer.State!, "answer"))
            .Should().ThrowAsync<LogUnavailableException>();
    }

    [Fact]
    public void An_answer_is_what_a_terminal_event_ends_with()
    {
        AutoTitle.AnswerOf(WriterBench.Answered("run_1", "completed")).Should().Be("completed");
        AutoTitle.AnswerOf(new AgentStopped { RunId = new RunId("run_1"), MessageId = MessageId.New(), Content = "stopped", Reason = StopReason.User }).Should().Be("stopped");
        AutoTitle.AnswerOf(new AgentFailed { RunId = new RunId("run_1"), Content = "failed", Code = RunFailure.Internal, Message = "", Retryable = false }).Should().Be("failed");
        AutoTitle.AnswerOf(new AgentFailed { RunId = new RunId("run_1"), Code = RunFailure.Internal, Message = "", Retryable = false }).Should().BeNull();
        AutoTitle.AnswerOf(WriterBench.Message("msg_1")).Should().BeNull();
    }

    private AutoTitle Titles(bool isEnabled = true) => new(_bench.Thread, _bench.Log, isEnabled, NullLogger.Instance);

    private Task BeginAsync(string agent, string content = "the question") => _bench.CreateAsync(
        WriterBench.Message("msg_0", content: "another"), WriterBench.Message("msg_1", content: content), WriterBench.Started("run_1", "msg_1", agent));
}
