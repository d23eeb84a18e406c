using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static ChatBackend.Tests.Runs.PlayedModel;

namespace ChatBackend.Tests.Runs;

/// <summary>Step after step, and what ends them.</summary>
public sealed class AgentLoopTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingSink _sink = new();
    private readonly RunUsage _usage = new();
    private readonly RunOptions _options = new();
    private readonly CancellationTokenSource _run = new();
    private readonly RunDeadline _budget;
    private readonly List<ChatMessage> _conversation = [new(ChatRole.User, "hello")];

    public AgentLoopTests() => _budget = new RunDeadline(TimeSpan.FromHours(1), _clock, () => { });

    [Fact]
    public async Task What_the_model_says_goes_out_piece_by_piece_and_what_is_not_text_does_not()
    {
        var model = new PlayedModel([Of(new TextReasoningContent("hm"), new TextReasoningContent("")), Say("It is "), Say(""), Of(new UriContent("http://a.example/b.png", "image/png")), Say("late."), End()]);

        (await RunAsync(model)).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));

        _sink.Calls.Should().Equal("take", "Thinking hm", "Text It is ", "Text late.", "take");
        model.Shown.Should().Equal("user:hello");
        _conversation[^1].Contents.Select(TextOf).Should().Equal("It is late.");
    }

    [Fact]
    public async Task A_step_that_calls_tools_is_followed_by_one_that_is_shown_the_results()
    {
        var model = new PlayedModel([Say("Let me look. "), Call("a", "look"), Call("b", "other"), End()], [Say("Done."), End()]);

        (await RunAsync(model)).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));

        _sink.Calls.Should().Equal(
            "take", "Text Let me look. ", "end part", "start look {}", "ended look Succeeded", "start other {}", "ended other Failed", "take", "Text Done.", "take");
        model.Shown[1].Should().Be(
            """user:hello|assistant:Let me look. +call a look+call b other|tool:result a "found"+result b {"error":"No tool is called other. The tools that there are: look."}""");
        model.Tools.Should().OnlyContain(tools => tools!.Count == 1 && tools[0].Name == "look");
    }

    [Fact]
    [Trait("failure", "M2")]
    public async Task Calls_that_a_model_gives_one_id_or_none_have_ids_of_their_own_and_so_has_one_that_comes_again()
    {
        var same = Call("a", "look");
        var model = new PlayedModel([same, same, Call("", "look"), End()], [same, End()], [Say("Done."), End()]);

        await RunAsync(model);

        var calls = _conversation.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToList();
        calls.Select(CallIds.OwnOf).Should().HaveCount(4).And.OnlyHaveUniqueItems();
        calls[..3].Select(call => call.CallId).Should().OnlyHaveUniqueItems().And.NotContain("");
        (calls[0].CallId, calls[3].CallId).Should().Be(("a", "a"), "they are of two answers");
        _sink.Ended.Select(completed => completed.CallId).Should().OnlyHaveUniqueItems();
        _sink.Kept.OfType<StepRecord>().Select(record => record.Calls.Count()).Should().Equal(3, 1);
    }

    [Fact]
    public async Task A_message_that_enters_is_answered_by_one_more_step()
    {
        _sink.Steered.Enqueue([]);
        _sink.Steered.Enqueue(["and this", "and that"]);
        var model = new PlayedModel([Say("One."), End()], [Say("Two."), End()]);

        (await RunAsync(model)).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));

        model.Shown[1].Should().Be("user:hello|assistant:One.|user:and this\n\nand that");
    }

    [Fact]
    public async Task What_entered_before_the_first_step_is_shown_to_it()
    {
        _sink.Steered.Enqueue(["at once"]);
        var model = new PlayedModel([End()]);

        await RunAsync(model);

        model.Shown.Should().Equal("user:hello\n\nat once");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task So_many_steps_may_be_taken_and_no_more(int most)
    {
        _options.MaxSteps = most;
        var model = new PlayedModel([Call("a", "look"), End()], [Call("b", "look"), End()], [Say("Done."), End()]);

        (await RunAsync(model)).Should().Be(most == 3 ? new RunOutcome.Completed(AnswerFinish.Complete) : new RunOutcome.Stopped(StopReason.Budget));

        model.Shown.Should().HaveCount(most);
    }

    [Theory]
    [InlineData(5, "abc")]
    [InlineData(4, "ab")]
    [InlineData(2, null)]
    public async Task So_much_may_be_said_and_thought_in_all_steps_and_no_more(int most, string? said)
    {
        _options.MaxOutputCharacters = most;
        var model = new PlayedModel([Of(new TextReasoningContent("hm")), Call("a", "look"), End()], [Say("abc"), Say("d"), End()]);

        (await RunAsync(model)).Should().Be(new RunOutcome.Stopped(StopReason.Budget));

        _sink.Calls.Where(call => call.StartsWith("Text", StringComparison.Ordinal)).Should().Equal(said is null ? [] : [$"Text {said}"]);
    }

    [Fact]
    [Trait("failure", "M8")]
    public async Task What_is_too_much_is_cut_before_it_is_published_and_between_characters()
    {
        _options.MaxOutputCharacters = 4;

        (await RunAsync(new PlayedModel([Say("abc\ud83d\ude00"), End()]))).Should().Be(new RunOutcome.Stopped(StopReason.Budget));

        _sink.Calls.Where(call => call.StartsWith("Text", StringComparison.Ordinal)).Should().Equal("Text abc");
    }

    [Fact]
    public async Task What_was_said_to_the_last_character_that_may_be_is_whole()
    {
        _options.MaxOutputCharacters = 4;

        (await RunAsync(new PlayedModel([Say("abcd"), End()]))).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));
    }

    [Fact]
    public async Task What_the_model_counted_is_added_up()
    {
        var model = new PlayedModel(
            [Call("a", "look"), End(new UsageContent(new UsageDetails { InputTokenCount = 3, OutputTokenCount = 4 }))], [End(new UsageContent(new UsageDetails { OutputTokenCount = 5 }))]);
        _usage.Total.Should().BeNull();

        await RunAsync(model);

        _usage.Total.Should().Be(new TokenUsage { InputTokens = 3, OutputTokens = 9 });
        _usage.Add(new UsageDetails { InputTokenCount = 1 }, null);
        _usage.Total.Should().Be(new TokenUsage { InputTokens = 4, OutputTokens = 9 });
    }

    [Fact]
    public void What_a_run_costs_follows_from_its_counts_and_the_prices_of_who_answered()
    {
        _usage.Add(new UsageDetails { InputTokenCount = 1 }, null);
        _usage.Total!.Cost.Should().BeNull();

        _usage.Add(new UsageDetails { InputTokenCount = 1000, OutputTokenCount = 100, CachedInputTokenCount = 600 }, new TokenPriceOptions { Input = 2, Output = 10, CachedInput = 0.5m });
        _usage.Total!.Cost.Should().Be(0.0021m);

        _usage.Add(new UsageDetails { InputTokenCount = 1000, OutputTokenCount = 100, CachedInputTokenCount = 600 }, new TokenPriceOptions { Input = 2, Output = 10 });
        _usage.Total!.Cost.Should().Be(0.0051m, "what has no price of its own costs what the input costs");
    }

    [Fact]
    public async Task An_answer_that_just_stops_was_cut_off()
    {
        var ending = RunAsync(new PlayedModel([Say("half an ans")]));

        (await ending.Invoking(task => task).Should().ThrowAsync<HttpIOException>()).Which.Message.Should().StartWith("The model's answer was cut off.");
    }

    [Fact]
    public async Task A_run_that_was_cancelled_takes_no_more_of_the_answer()
    {
        var model = new PlayedModel([Say("One."), Say("Two."), End()]);
        _sink.Before = call =>
        {
            if (call == "Text One.")
            {
                _run.Cancel();
            }
        };

        await FluentActions.Awaiting(() => RunAsync(model)).Should().ThrowAsync<OperationCanceledException>();

        _sink.Calls.Should().Equal("take", "Text One.");
    }

    [Fact]
    public async Task Calls_that_wait_from_an_earlier_process_come_before_anything_else()
    {
        var required = new ApprovalRequired
        {
            RunId = default, CallId = new("call_1"), Tool = "look", Arguments = System.Text.Json.JsonElement.Parse("{}"), ArgumentsDigest = "", ExpiresAt = default,
        };
        var call = new FunctionCallContent("a", "look", new Dictionary<string, object?>());
        CallIds.Name(call, required.CallId);
        _conversation.Add(new ChatMessage(ChatRole.Assistant, [call]));
        _sink.Asked.Add(required);
        _sink.Decisions.Enqueue((0, new ApprovalDecided { RunId = default, CallId = required.CallId, Decision = ApprovalDecision.Approve, DecidedBy = new("usr_1") }));
        var model = new PlayedModel([End()]);

        await RunAsync(model, required);

        _sink.Calls.Should().Equal("decide", "start look {}", "ended look Succeeded", "take", "take");
        model.Shown.Should().Equal("user:hello|assistant:call a look|tool:result a \"found\"");
    }

    public void Dispose()
    {
        _budget.Dispose();
        _run.Dispose();
    }

    private Task<RunOutcome> RunAsync(PlayedModel model, params ApprovalRequired[] resumes)
    {
        var agent = new Agent { Name = "agent", Model = model, Tools = [AIFunctionFactory.Create(() => "found", "look")] };
        var calls = TestRuns.Invoker(agent, _sink, _budget, _options, _clock);
        var asked = new AnsweringModel(agent, _sink, new Summarizer(_usage, _options, _clock, NullLogger.Instance));
        return new AgentLoop(agent, asked, _sink, calls, _usage, _options).RunAsync(_conversation, resumes, _run.Token);
    }
}
