using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>A thread longer than its model takes goes on: what is oldest leaves, whole and in large steps, and the thread says what the model is not shown any more.</summary>
[Trait("failure", "M4")]
public sealed class ContextWindowTests : IAsyncLifetime
{
    private const int Limit = 8000; // tokens
    private static readonly string[] Kinds = ["plain", "tools", "tool", "wrong"];

    private readonly LongThread _thread = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _thread.DisposeAsync();

    [Fact]
    public async Task Two_hundred_turns_on_a_model_with_eight_thousand_tokens_are_never_refused_and_what_was_left_out_is_told()
    {
        var model = new SmallModel(Limit);
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        await _thread.StartAsync(provider, ("Agents:List:0:ContextTokens", $"{Limit}"));

        for (var turn = 1; turn <= 200; turn++)
        {
            await _thread.PlayAsync(Question(turn));
        }

        await _thread.RestartAsync(provider, ("Agents:List:0:ContextTokens", $"{Limit}"));
        await _thread.PlayAsync("one turn more plain");
        model.TooLong.Should().BeEmpty();
        model.Wrong.Should().BeEmpty("each call stands with its result");
        model.Asked.Should().OnlyContain(messages => TextOf(messages[0]) == "Be brief." && messages[1].GetProperty("role").GetString() == "user");
        var told = await _thread.EventsAsync<AgentContextTrimmed>();
        told.Should().HaveCountGreaterThan(3).And.HaveCountLessThan(40, "room is made for many turns at once");
        model.OtherBeginnings.Should().HaveCount(told.Count, "all that is sent between begins with the same bytes, also after a restart");
        var messages = await _thread.EventsAsync<UserMessage>();
        var first = messages.FindIndex(message => message.MessageId == told[^1].FromMessageId);
        first.Should().Be(told.Sum(trimmed => trimmed.Exchanges));
        QuestionsIn(model.Asked[^1]).Should().Equal(messages.Skip(first).Select(message => message.Content));
    }

    public static TheoryData<string, bool> Refusals => new()
    {
        { SmallModel.OpenAI, false },
        { """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: ASKED tokens > LIMIT maximum"}}""", true },
        { """{"message":"Input is too long for requested model."}""", true },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_limit_that_no_one_set_is_learned_from_the_first_refusal_which_no_one_sees(string refusal, bool counts)
    {
        var model = new SmallModel(Limit, refusal) { Counts = counts };
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        await _thread.StartAsync(provider);

        for (var turn = 1; turn <= 60; turn++)
        {
            await _thread.PlayAsync(Question(turn));
        }

        model.TooLong.Should().ContainSingle();
        model.Wrong.Should().BeEmpty();
        (await _thread.EventsAsync<AgentContextTrimmed>()).Should().HaveCountGreaterThan(1);
    }

    [Fact]
    public async Task A_limit_is_known_by_the_name_of_the_model()
    {
        var model = new SmallModel(8192);
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        await _thread.StartAsync(provider, ("Agents:List:0:Model", "openai/gpt-4"));

        for (var turn = 1; turn <= 40; turn++)
        {
            await _thread.PlayAsync(Question(turn));
        }

        model.TooLong.Should().BeEmpty();
        (await _thread.EventsAsync<AgentContextTrimmed>()).Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_huge_result_is_shown_in_part_to_the_model_from_its_first_turn_on()
    {
        var shown = new List<string>();
        var model = new SmallModel(Limit, answer: Reader(shown));
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        _thread.Read = () => string.Concat(Enumerable.Range(0, 9000).Select(n => $"line {n}\n"));
        await _thread.StartAsync(provider, ("Agents:List:0:ContextTokens", $"{Limit}"));

        await _thread.PlayAsync("read");
        await _thread.PlayAsync("and now");

        shown.Should().HaveCount(2).And.OnlyContain(result => result == shown[0]);
        model.TooLong.Should().BeEmpty();
        model.OtherBeginnings.Should().BeEmpty();
        shown[0].Length.Should().BeLessThanOrEqualTo(Limit / 2);
        shown[0].Should().StartWith("line 0\n").And.EndWith("line 8999\n").And.Contain("are left out here; there was no room for them");
        (await _thread.EventsAsync<AgentContextTrimmed>()).Should().ContainSingle().Which.Should().BeEquivalentTo(new { Agent = "small", FromMessageId = (MessageId?)null, Exchanges = 0, Results = 1 });
        (await _thread.EventsAsync<ToolCompleted>()).Single().Result!.Value.GetString()!.Length.Should().BeGreaterThan(50_000, "people see what there is");
    }

    [Fact]
    public async Task Results_of_earlier_exchanges_are_shortened_before_an_exchange_leaves()
    {
        var shown = new List<string>();
        var model = new SmallModel(Limit, answer: Reader(shown));
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        _thread.Read = () => string.Concat(Enumerable.Repeat("whales sing ", 280));
        await _thread.StartAsync(provider, ("Agents:List:0:ContextTokens", $"{Limit}"));

        for (var turn = 0; turn < 8; turn++)
        {
            await _thread.PlayAsync("read");
        }

        var first = (await _thread.EventsAsync<AgentContextTrimmed>())[0];
        first.Exchanges.Should().Be(0);
        first.Results.Should().BePositive();
        first.FromMessageId.Should().Be((await _thread.EventsAsync<UserMessage>())[0].MessageId);
        model.TooLong.Should().BeEmpty();
        shown[^1].Should().Be(_thread.Read(), "that of the question is whole");
    }

    [Fact]
    public async Task In_a_run_of_many_calls_its_own_results_are_shortened_and_every_call_keeps_its_own()
    {
        const int calls = 15;
        var model = new SmallModel(Limit, answer: (context, asked) => asked.GetProperty("messages").EnumerateArray().Count(IsResult) is var count && count < calls
            ? SendAsync(context, Chunk($$$"""{"tool_calls":[{"index":0,"id":"call_{{{count}}}","type":"function","function":{"name":"read","arguments":"{}"}}]}"""), Chunk("{}", "\"tool_calls\""), "[DONE]")
            : SendAsync(context, Text("done"), Chunk("{}", "\"stop\""), "[DONE]"));
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        _thread.Read = () => string.Concat(Enumerable.Repeat("whales sing ", 280));
        await _thread.StartAsync(provider, ("Agents:List:0:ContextTokens", $"{Limit}"));

        await _thread.PlayAsync("read it all");

        model.TooLong.Should().BeEmpty();
        var last = model.Asked[^1];
        QuestionsIn(last).Should().Equal("read it all");
        last.Where(IsResult).Select(result => result.GetProperty("tool_call_id").GetString()).Should().Equal(Enumerable.Range(0, calls).Select(call => $"call_{call}"));
        (await _thread.EventsAsync<AgentContextTrimmed>()).Sum(trimmed => trimmed.Results).Should().Be(calls);
    }

    [Fact]
    public async Task A_message_that_is_itself_too_long_is_refused_once_with_what_to_do()
    {
        var model = new SmallModel(Limit);
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        await _thread.StartAsync(provider);

        var end = await _thread.Client.EndOfAsync(await _thread.Client.Connection.ChatAsync(string.Concat(Enumerable.Repeat("abc ", 9000))).Soon());

        end.Should().BeOfType<AgentFailed>().Which.Message.Should().Contain("shorten the message");
        model.TooLong.Should().ContainSingle("there is nothing that could leave");
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_not_begun_again_with_less()
    {
        await using var provider = await ModelServer.StartAsync((context, asked) => asked.GetProperty("messages").GetArrayLength() == 2
            ? SendAsync(context, Text("one"), Chunk("{}", "\"stop\""), "[DONE]")
            : SendAsync(context, Text("so far"), """{"error":{"message":"maximum context length is 8000 tokens","code":"context_length_exceeded"}}"""));
        await _thread.StartAsync(provider);
        await _thread.PlayAsync("one");

        var end = await _thread.Client.EndOfAsync(await _thread.Client.Connection.ChatAsync("two", _thread.Id).Soon());

        end.Should().BeOfType<AgentFailed>().Which.Content.Should().Be("so far");
        provider.Requests.Should().HaveCount(2);
    }

    private static string Question(int turn) => $"turn {turn} {string.Concat(Enumerable.Repeat(turn % 3 == 0 ? "größer als zuvor, " : "and so it goes on; ", 10 + (turn % 7 * 5)))}{Kinds[turn % Kinds.Length]}";

    private static bool IsResult(JsonElement message) => message.GetProperty("role").GetString() == "tool";

    private static string TextOf(JsonElement message) => message.GetProperty("content").GetString()!;

    private static IEnumerable<string> QuestionsIn(IEnumerable<JsonElement> messages) =>
        messages.Where(message => message.GetProperty("role").GetString() == "user").Select(TextOf);

    /// <summary>Reads when it is told to, and keeps what it is shown of the last result.</summary>
    private static Func<Microsoft.AspNetCore.Http.HttpContext, JsonElement, Task> Reader(List<string> shown) => (context, asked) =>
    {
        List<JsonElement> messages = [.. asked.GetProperty("messages").EnumerateArray()];
        if (TextOf(messages[^1]) != "read")
        {
            shown.Add(JsonElement.Parse(TextOf(messages.FindLast(IsResult))).GetString()!);
            return SendAsync(context, Text("done"), Chunk("{}", "\"stop\""), "[DONE]");
        }

        return SendAsync(context, Chunk("""{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"read","arguments":"{}"}}]}"""), Chunk("{}", "\"tool_calls\""), "[DONE]");
    };
}
