using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Script;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Agents;

public sealed class ScriptAgentTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Agent _script;

    public ScriptAgentTests()
    {
        var model = new ScriptModel(_clock);
        _script = new Agent { Name = "script", Model = model, ToolFor = model.ToolFor };
    }

    [Fact]
    public async Task A_scenario_is_played_step_by_step()
    {
        var steps = await PlayAsync("""
            {"steps":[
              {"think":"Hm."}, {"say":"Hello world","chunks":3}, {"tool":"look","arguments":{"at":[1]},"result":{"seen":true}},
              {"tool":"count"}, {"say":"Done"}, {"say":"."}
            ]}
            """);

        steps.Should().HaveCount(3);
        steps[0].SelectMany(update => update.Contents).OfType<TextReasoningContent>().Single().Text.Should().Be("Hm.");
        steps[0].Pieces().Should().Equal("Hel", "lo w", "orld");
        steps[0].Call()!.Name.Should().Be("look");
        JsonSerializer.Serialize(steps[0].Call()!.Arguments).Should().Be("""{"at":[1]}""");
        steps[1].Call()!.Name.Should().Be("count");
        steps[2].Pieces().Should().Equal("Done", ".");
        steps.Select(step => step[^1].FinishReason).Should().Equal(ChatFinishReason.ToolCalls, ChatFinishReason.ToolCalls, ChatFinishReason.Stop);
        steps.Select(step => Usage(step).OutputTokenCount).Should().Equal(4, 0, 2);
        steps.Select(step => Usage(step).InputTokenCount).Should().Equal(1, 1, 1);
    }

    [Theory]
    [InlineData("", "\"ok\"")]
    [InlineData(""" ,"result":"text" """, "\"text\"")]
    [InlineData(""" ,"result":{"a":[1,null]} """, """{"a":[1,null]}""")]
    [InlineData(""" ,"result":null """, "null")]
    public async Task A_tool_returns_what_the_step_says(string member, string json)
    {
        var result = await InvokeAsync($$"""{"tool":"look"{{member}}}""", TestContext.Current.CancellationToken);
        JsonSerializer.Serialize(result).Should().Be(json);
    }

    [Theory]
    [InlineData("", "*script says*")]
    [InlineData(""" ,"result":"disk full" """, "disk full")]
    public async Task A_tool_fails_when_the_step_says_so(string member, string message) =>
        await FluentActions.Awaiting(() => InvokeAsync($$"""{"tool":"look","fail":true{{member}}}""", TestContext.Current.CancellationToken))
            .Should().ThrowAsync<ChatToolException>().WithMessage(message);

    [Fact]
    public async Task A_tool_takes_its_time_unless_it_is_cancelled()
    {
        var result = InvokeAsync("""{"tool":"look","ms":100}""", TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromMilliseconds(99));
        result.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await result;

        using var cancelled = new CancellationTokenSource();
        var obedient = InvokeAsync("""{"tool":"look","ms":100}""", cancelled.Token);
        var deaf = InvokeAsync("""{"tool":"look","ms":100,"ignore_cancel":true}""", cancelled.Token);
        await cancelled.CancelAsync();
        await FluentActions.Awaiting(() => obedient).Should().ThrowAsync<OperationCanceledException>();
        deaf.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        await deaf;
    }

    [Fact]
    public async Task A_tool_that_needs_consent_is_marked_so()
    {
        (await ToolAsync("""{"tool":"look","approval":true}""")).Should().BeOfType<ApprovalRequiredAIFunction>();
        (await ToolAsync("""{"tool":"look"}""")).GetService<ApprovalRequiredAIFunction>().Should().BeNull();
    }

    [Fact]
    public void A_call_of_an_earlier_process_is_found_by_its_place_in_the_script_and_one_that_the_script_did_not_make_is_not()
    {
        var turn = Turn.Of([new ChatMessage(ChatRole.User, """{"steps":[{"tool":"look"}]}""")]);

        _script.FindTool(new FunctionCallContent("1", "look"), turn)!.Name.Should().Be("look");
        _script.FindTool(new FunctionCallContent("1", "listen"), turn).Should().BeNull();
    }

    [Fact]
    public async Task Waits_are_on_the_clock_and_end_when_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        var stream = _script.Model.GetStreamingResponseAsync(
            [new ChatMessage(ChatRole.User, """{"steps":[{"say":"ab","chunks":2,"every_ms":5},{"wait_ms":1000},{"say":"c"}]}""")],
            cancellationToken: cancelled.Token).GetAsyncEnumerator(cancelled.Token);

        (await stream.MoveNextAsync()).Should().BeTrue();
        var second = stream.MoveNextAsync();
        second.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(5));
        (await second).Should().BeTrue();
        stream.Current.Text.Should().Be("b");

        var third = stream.MoveNextAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        third.IsCompleted.Should().BeFalse();
        await cancelled.CancelAsync();
        await FluentActions.Awaiting(() => third.AsTask()).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_crash_throws_after_what_was_said_before()
    {
        var stream = _script.Model.GetStreamingResponseAsync("""{"steps":[{"say":"a"},{"crash":"boom"}]}""", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);

        (await stream.MoveNextAsync()).Should().BeTrue();
        await FluentActions.Awaiting(() => stream.MoveNextAsync().AsTask()).Should().ThrowAsync<InvalidOperationException>().WithMessage("boom");
    }

    [Theory]
    [InlineData("hello", "not JSON")]
    [InlineData("[]", "member steps")]
    [InlineData("""{"steps":[],"more":1}""", "member steps")]
    [InlineData("""{"steps":[],"steps":[]}""", "twice")]
    [InlineData("""{"steps":[{"say":"a"},7]}""", "steps[1] is not an object")]
    [InlineData("""{"steps":[{"shout":"a"}]}""", "steps[0] needs exactly one of")]
    [InlineData("""{"steps":[{"say":"a","think":"b"}]}""", "steps[0] needs exactly one of")]
    [InlineData("""{"steps":[{"say":"a","chunk":2}]}""", "steps[0] has a member that it cannot have: chunk")]
    [InlineData("""{"steps":[{"say":"a","chunks":0}]}""", "steps[0] has a chunks that is not a whole number from 1")]
    [InlineData("""{"steps":[{"wait_ms":-1}]}""", "steps[0] has a wait_ms")]
    [InlineData("""{"steps":[{"tool":"a","arguments":[]}]}""", "steps[0] has arguments that are not an object")]
    [InlineData("""{"steps":[{"tool":"a","fail":"yes"}]}""", "steps[0] has a fail")]
    public async Task A_message_that_is_not_a_scenario_is_answered_with_why_and_an_example(string message, string why)
    {
        var step = (await PlayAsync(message)).Should().ContainSingle().Subject;

        step.Text().Should().Contain(why).And.Contain("""{"steps":[""");
        step[^1].FinishReason.Should().Be(ChatFinishReason.Stop);
    }

    [Theory]
    [InlineData("abcdef", 1, new[] { "abcdef" })]
    [InlineData("abcdef", 4, new[] { "a", "bc", "d", "ef" })]
    [InlineData("abc", 20, new[] { "a", "b", "c" })]
    [InlineData("", 3, new string[0])]
    [InlineData("😀😀", 4, new[] { "😀", "😀" })]
    [InlineData("a😀b", 2, new[] { "a😀", "b" })]
    public void Text_is_cut_between_characters(string text, int chunks, string[] pieces) => TextPieces.Of(text, chunks).Should().Equal(pieces);

    [Fact]
    public void Pieces_are_the_text_and_no_emoji_is_cut_however_many_there_are()
    {
        const string text = "👩‍🚀a😀😀bc🏳️‍🌈日本 é";
        for (var chunks = 1; chunks <= text.Length + 1; chunks++)
        {
            var pieces = TextPieces.Of(text, chunks).ToList();
            string.Concat(pieces).Should().Be(text);
            pieces.Should().OnlyContain(piece => piece.Length > 0 && !char.IsLowSurrogate(piece.First()) && !char.IsHighSurrogate(piece.Last()));
        }
    }

    private Task<List<List<ChatResponseUpdate>>> PlayAsync(string message) => _script.AnswerAsync(message, TestContext.Current.CancellationToken);

    private async Task<AIFunction> ToolAsync(string step)
    {
        List<ChatMessage> conversation = [new(ChatRole.User, $$"""{"steps":[{{step}}]}""")];
        return _script.FindTool((await _script.Model.StepAsync(conversation, TestContext.Current.CancellationToken)).Call()!, Turn.Of(conversation))!;
    }

    private async Task<object?> InvokeAsync(string step, CancellationToken cancellationToken) =>
        await (await ToolAsync(step)).InvokeAsync([], cancellationToken);

    private static UsageDetails Usage(List<ChatResponseUpdate> step) => step.SelectMany(update => update.Contents).OfType<UsageContent>().Single().Details;
}
