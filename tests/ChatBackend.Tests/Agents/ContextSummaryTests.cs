using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>An agent that sums up what its model is not shown any more: once for each exchange, durably, and without a run that fails for it.</summary>
[Trait("failure", "M4")]
public sealed partial class ContextSummaryTests : IAsyncLifetime
{
    private const int Limit = 8000; // tokens
    private static readonly (string, string) Summarizes = ("Agents:List:0:Summarize", "true");
    private static readonly (string, string) Small = ("Agents:List:0:ContextTokens", $"{Limit}");

    private readonly LongThread _thread = new();
    private SmallModel _model = new(Limit);
    private readonly List<string> _toSumUp = [];
    private Func<HttpContext, Task>? _answersSummary;
    private ModelServer _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await ModelServer.StartAsync(AnswerAsync);

    public async ValueTask DisposeAsync()
    {
        await _thread.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Each_exchange_is_summed_up_once_and_every_later_run_is_shown_the_last_summary_in_the_same_bytes()
    {
        await _thread.StartAsync(_provider, Summarizes, Small);
        for (var turn = 1; turn <= 60; turn++)
        {
            await _thread.PlayAsync(Question(turn));
        }

        await _thread.RestartAsync(_provider, Summarizes, Small);
        await _thread.PlayAsync(Question(61));

        var told = await _thread.EventsAsync<AgentContextTrimmed>();
        told.Should().HaveCountGreaterThan(2).And.OnlyContain(trimmed => trimmed.Exchanges > 0);
        told.Select(trimmed => trimmed.Summary).Should().Equal(_toSumUp.Select((_, made) => SummaryOf(made)), "each is what the model said, without the space around it");
        var left = told.Sum(trimmed => trimmed.Exchanges);
        _toSumUp.SelectMany(QuestionsIn).Should().Equal(Enumerable.Range(1, left), "each that left is in one request, in order");
        _toSumUp.Select((request, made) => (request, made)).Skip(1).Should().OnlyContain(asked => asked.request.Contains(SummaryOf(asked.made - 1), StringComparison.Ordinal));
        _model.TooLong.Should().BeEmpty();
        _model.Wrong.Should().BeEmpty();
        _model.OtherBeginnings.Should().HaveCount(told.Count, "all that is sent between two summaries begins with the same bytes, also after a restart");
        var last = TextOf(_model.Asked[^1][1]);
        _model.Asked[^1][1].GetProperty("role").GetString().Should().Be("user", "what people said is not to have the weight of instructions");
        SummariesIn(last).Should().Equal(told.Count - 1);
        QuestionsIn(last).First().Should().Be(left + 1);
        _model.Asked[^1].Skip(2).Should().NotContain(message => TextOf(message).Contains("SUMMARY", StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_a_run_of_many_calls_exchanges_leave_more_than_once_and_each_is_summed_up_once()
    {
        const int calls = 9;
        _model = new SmallModel(Limit, answer: (context, asked) => asked.GetRawText().Contains("reads it all", StringComparison.Ordinal) && ResultsOfLast(asked) is var count && count < calls
            ? SendAsync(context, Chunk($$$"""{"tool_calls":[{"index":0,"id":"call_{{{count}}}","type":"function","function":{"name":"read","arguments":"{}"}}]}"""), Chunk("{}", "\"tool_calls\""), "[DONE]")
            : SendAsync(context, Text("done"), Chunk("{}", "\"stop\""), "[DONE]"));
        _thread.Read = () => string.Concat(Enumerable.Repeat("whales sing ", 200));
        await _thread.StartAsync(_provider, Summarizes, Small);
        for (var turn = 1; turn <= 12; turn++)
        {
            await _thread.PlayAsync($"turn {turn} {Long}");
        }

        await _thread.PlayAsync("turn 13 reads it all");

        var told = await _thread.EventsAsync<AgentContextTrimmed>();
        told.GroupBy(trimmed => trimmed.RunId).Should().Contain(run => run.Count(trimmed => trimmed.Summary != null) > 1);
        _toSumUp.SelectMany(QuestionsIn).Should().Equal(Enumerable.Range(1, told.Sum(trimmed => trimmed.Exchanges)));
        _model.TooLong.Should().BeEmpty();
        SummariesIn(TextOf(_model.Asked[^1][1])).Should().Equal(told.Count(trimmed => trimmed.Summary != null) - 1);
    }

    [Fact]
    public async Task A_run_says_the_tokens_of_the_summary_that_it_made()
    {
        await _thread.StartAsync(_provider, Summarizes, Small);
        var ends = new List<AgentCompleted>();
        while (_toSumUp.Count == 0 && ends.Count < 60)
        {
            ends.Add(await _thread.PlayAsync($"turn {ends.Count + 1} {Long} plain"));
        }

        ends[^1].Usage!.OutputTokens.Should().Be(ends[^2].Usage!.OutputTokens + 77);
        ends[^1].Usage!.InputTokens.Should().BeGreaterThan(5000);
    }

    [Fact]
    public async Task What_the_window_over_events_leaves_out_is_summed_up_too_whatever_the_model_takes()
    {
        (string, string)[] settings = [Summarizes, ("Runs:HistoryEvents", "40")];
        await _thread.StartAsync(_provider, settings);
        for (var turn = 1; turn <= 30; turn++)
        {
            await _thread.PlayAsync($"turn {turn} plain");
        }

        var told = await _thread.EventsAsync<AgentContextTrimmed>();
        told.Should().HaveCountGreaterThan(1).And.OnlyContain(trimmed => trimmed.Summary != null);
        await _thread.RestartAsync(_provider, settings);
        await _thread.PlayAsync("turn 31 plain");
        var shown = _model.Asked[^1].Skip(1).Select(TextOf).ToList();
        SummariesIn(shown[0]).Should().Equal((await _thread.EventsAsync<AgentContextTrimmed>()).Count - 1);
        _toSumUp.SelectMany(QuestionsIn).Concat(shown.SelectMany(QuestionsIn)).Should().Equal(Enumerable.Range(1, 31), "each is either summed up or shown");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_summary_that_lies_further_back_than_the_window_is_found(bool restarts)
    {
        (string, string)[] settings = [Summarizes, ("Runs:HistoryEvents", "40"), ("Agents:Script:Enabled", "true")];
        await _thread.StartAsync(_provider, settings);
        for (var turn = 1; turn <= 20; turn++)
        {
            await _thread.PlayAsync($"turn {turn} plain");
        }

        _toSumUp.Should().NotBeEmpty();
        for (var turn = 21; turn <= 42; turn++)
        {
            var ack = await _thread.Client.Connection.ChatAsync($"turn {turn} plain", _thread.Id, "script").Soon();
            await _thread.Client.EndOfAsync(ack);
        }

        if (restarts)
        {
            await _thread.RestartAsync(_provider, settings);
        }

        await _thread.PlayAsync("turn 43 plain");

        var shown = _model.Asked[^1].Skip(1).Select(TextOf).ToList();
        SummariesIn(shown[0]).Should().Equal(_toSumUp.Count - 1);
        _toSumUp.SelectMany(QuestionsIn).Concat(shown.SelectMany(QuestionsIn)).Should().Equal(Enumerable.Range(1, 43));
    }

    [Fact]
    public async Task Where_no_one_knows_what_the_model_takes_a_long_beginning_is_summed_up_from_its_begin_and_its_end()
    {
        _model = new SmallModel(int.MaxValue);
        await _thread.StartAsync(_provider);
        for (var turn = 1; turn <= 12; turn++)
        {
            await _thread.PlayAsync($"turn {turn} {string.Concat(Enumerable.Repeat(Long, 20))} plain");
        }

        await _thread.RestartAsync(_provider, Summarizes, ("Runs:HistoryEvents", "8"));
        await _thread.PlayAsync("turn 13 plain");

        var asked = _toSumUp.Should().ContainSingle().Subject;
        asked.Length.Should().BeInRange(60_000, 70_000);
        QuestionsIn(asked).Should().StartWith(1).And.EndWith(QuestionsIn(TextOf(_model.Asked[^1][1])).First() - 1);
        asked.Should().Contain("are left out here; there was no room for them");
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("empty")]
    [InlineData("failed")]
    [InlineData("cut")]
    public async Task Without_a_summary_the_run_goes_on_and_an_earlier_one_stays(string how)
    {
        await _thread.StartAsync(_provider, Summarizes, Small, ("Agents:List:0:Retries", "0"));
        for (var turn = 1; turn <= 60; turn++)
        {
            _answersSummary = _toSumUp.Count == 1 ? context => NoSummaryAsync(how, context) : null;
            await _thread.PlayAsync(Question(turn));
        }

        var told = await _thread.EventsAsync<AgentContextTrimmed>();
        told.Should().HaveCountGreaterThan(2);
        told.Select(trimmed => trimmed.Summary is null).Should().Equal(Enumerable.Range(0, told.Count).Select(made => made == 1));
        _model.TooLong.Should().BeEmpty();
        _model.OtherBeginnings.Should().HaveCount(told.Count);
        _toSumUp[2].Should().Contain(SummaryOf(0)).And.NotContain(SummaryOf(1));
        _model.Asked.Should().Contain(messages => SummariesIn(TextOf(messages[1])).SequenceEqual(new[] { 0 }) && QuestionsIn(TextOf(messages[1])).First() == told[0].Exchanges + told[1].Exchanges + 1);
    }

    [Fact]
    public async Task A_message_that_is_replaced_takes_a_later_summary_back()
    {
        await _thread.StartAsync(_provider, Summarizes, Small);
        for (var turn = 1; _toSumUp.Count < 2; turn++)
        {
            await _thread.PlayAsync(Question(turn));
        }

        var messages = await _thread.EventsAsync<UserMessage>();
        var trimmed = await _thread.EventsAsync<AgentContextTrimmed>();
        var replaced = messages.FindLast(message => message.Seq < trimmed[1].Seq)!;
        await _thread.PlayAsync("another question plain", replaced.MessageId);

        SummariesIn(TextOf(_model.Asked[^1][1])).Should().ContainSingle().Which.Should().NotBe(1, "that was of the replaced run");
        _toSumUp.Skip(2).SelectMany(QuestionsIn).Should().Equal(_toSumUp[1..2].SelectMany(QuestionsIn).Take(_toSumUp.Skip(2).SelectMany(QuestionsIn).Count()));
    }

    [Fact]
    public async Task A_stop_ends_a_summary_that_is_being_made_and_the_next_run_makes_it()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _thread.StartAsync(_provider, Summarizes, Small);
        _answersSummary = async context =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        };
        RunEvent? end = null;
        for (var turn = 1; end is null && turn < 60; turn++)
        {
            var ack = await _thread.Client.Connection.ChatAsync(Question(turn), _thread.Id).Soon();
            _thread.Id = ack.ThreadId;
            var ended = _thread.Client.EndOfAsync(ack);
            if (await Task.WhenAny(asked.Task, ended) == asked.Task)
            {
                await _thread.Client.Connection.StopAsync(ack.ThreadId!.Value, ack.RunId!.Value).Soon();
                end = await ended;
            }
        }

        end.Should().BeOfType<AgentStopped>();
        (await _thread.EventsAsync<AgentContextTrimmed>()).Should().BeEmpty("what was not done is not told");
        _answersSummary = null;
        await _thread.PlayAsync("and now plain");
        (await _thread.EventsAsync<AgentContextTrimmed>()).Should().ContainSingle().Which.Summary.Should().Be(SummaryOf(1));
    }

    [Fact]
    public async Task A_summary_without_an_end_is_ended_and_cut()
    {
        await _thread.StartAsync(_provider, Summarizes, Small);
        _answersSummary = async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await SendAsync(context, Text("SUMMARY 0 ohne Ende, größer und größer; "));
            }
        };
        for (var turn = 1; _toSumUp.Count == 0; turn++)
        {
            await _thread.PlayAsync(Question(turn));
        }

        var summary = (await _thread.EventsAsync<AgentContextTrimmed>()).Should().ContainSingle().Which.Summary!;
        summary.Should().StartWith("SUMMARY 0 ohne Ende");
        System.Text.Encoding.UTF8.GetByteCount(summary).Should().BeInRange(1000, 8192);
    }

    [Fact]
    public async Task A_summary_that_was_made_for_a_larger_window_leaves_before_the_question_does()
    {
        await _thread.StartAsync(_provider, Summarizes, Small);
        _answersSummary = context => SendAsync(context, Text("SUMMARY 0 " + string.Concat(Enumerable.Repeat("of many words ", 100))), Chunk("{}", "\"stop\""), "[DONE]");
        for (var turn = 1; _toSumUp.Count == 0; turn++)
        {
            await _thread.PlayAsync(Question(turn));
        }

        await _thread.RestartAsync(_provider, Summarizes, ("Agents:List:0:ContextTokens", "600"), ("Agents:List:0:Tools", ""));
        await _thread.PlayAsync("still there? plain");

        QuestionsIn(TextOf(_model.Asked[^1][1])).Should().BeEmpty();
        TextOf(_model.Asked[^1][^1]).Should().EndWith("still there? plain").And.NotContain("of many words");
    }
}
