using ChatBackend.Agents;
using ChatBackend.Demo;
using ChatBackend.Protocol;
using ChatBackend.Search;
using ChatBackend.Storage;
using ChatBackend.Tests.Runs;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Agents;

public sealed class DemoAgentTests
{
    private static readonly DateTimeOffset Evening = new(2026, 3, 1, 20, 30, 0, TimeSpan.Zero);

    private readonly ServiceProvider _services = RunOf("usr_1", new PlayedSearch());
    private readonly Agent _demo;

    public DemoAgentTests() => _demo = _services.GetRequiredService<AgentCatalog>().Find("demo")!;

    [Fact]
    public async Task The_time_in_a_city_is_a_call_of_the_clock_and_then_a_streamed_answer()
    {
        var steps = await _demo.AnswerAsync("What time is it in Tokyo?", TestContext.Current.CancellationToken, _services);

        steps.Should().HaveCount(2);
        steps[0][0].Contents.Should().ContainSingle().Which.Should().BeOfType<FunctionCallContent>()
            .Which.Should().BeEquivalentTo(new { Name = "clock", Arguments = new Dictionary<string, object?> { ["place"] = "Tokyo" } });
        steps[0].Pieces().Should().BeEmpty();
        steps[0][^1].FinishReason.Should().Be(ChatFinishReason.ToolCalls);
        steps[1].Text().Should().Be("In Tokyo it is 05:30 on Monday, 2 March 2026 (Asia/Tokyo, UTC+09:00).");
        steps[1].Pieces().Should().HaveCountGreaterThan(5);
        steps[1][^1].FinishReason.Should().Be(ChatFinishReason.Stop);
    }

    [Theory]
    [InlineData("what's the time in Tokyo right now?", "clock", "Tokyo")]
    [InlineData("Hi! Could you please tell me what time it is in New York, please?", "clock", "New York")]
    [InlineData("time in Port of Spain", "clock", "Port of Spain")]
    [InlineData("What is the date today?", "clock", "UTC")]
    [InlineData("What day is it in Sydney?", "clock", "Sydney")]
    [InlineData("current time Europe/Berlin", "clock", "Europe/Berlin")]
    [InlineData("what time is it?", "clock", "UTC")]
    [InlineData("What is 2+2?", "calculator", "2+2")]
    [InlineData("(1 + 2) * 3^2 =", "calculator", "(1 + 2) * 3^2")]
    [InlineData("Calculate -3.5 times 4 plus 1", "calculator", "-3.5 * 4 + 1")]
    [InlineData("how much is 10 divided by 4, please?", "calculator", "10 / 4")]
    [InlineData("find whales", "search_threads", "whales")]
    [InlineData("Search my threads for \"the blue whale\"", "search_threads", "the blue whale")]
    public void A_phrase_is_one_tool_with_one_argument(string message, string tool, string value)
    {
        var intent = DemoIntent.Of(message);
        (intent?.Tool, intent?.Value).Should().Be((tool, value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Hello")]
    [InlineData("What is the time complexity of quicksort?")]
    [InlineData("Write a poem about 2 cats")]
    [InlineData("I had a good time in Paris")]
    [InlineData("42")]
    [InlineData("-5")]
    public async Task Anything_else_is_answered_with_what_it_is_and_can_do(string message)
    {
        var steps = await _demo.AnswerAsync(message, TestContext.Current.CancellationToken, _services);

        steps.Should().ContainSingle();
        steps[0].Text().Should().Contain("no language model").And.Contain("Tokyo").And.Be(DemoAnswer.Help);
        steps[0][^1].FinishReason.Should().Be(ChatFinishReason.Stop);
    }

    [Theory]
    [InlineData("What is 0.1 + 0.2?", "0.1 + 0.2 = 0.3")]
    [InlineData("1 / 0", "The calculator tool could not answer: Dividing by zero has no result.")]
    [InlineData("Time in Atlantis", "The clock tool could not answer: I know no city or time zone called Atlantis.*")]
    public async Task A_tools_result_and_its_error_are_put_into_words(string message, string answer) =>
        (await _demo.AnswerAsync(message, TestContext.Current.CancellationToken, _services))[^1].Text().Should().Match(answer);

    [Fact]
    public async Task A_result_of_an_earlier_message_is_not_an_answer_to_this_one()
    {
        var conversation = new List<ChatMessage>
        {
            new(ChatRole.User, "1 + 1"),
            new(ChatRole.Assistant, [new FunctionCallContent("a", "calculator")]),
            new(ChatRole.Tool, [new FunctionResultContent("a", new { expression = "1 + 1", result = "2" })]),
            new(ChatRole.Assistant, "1 + 1 = 2"),
            new(ChatRole.User, "2 + 2"),
        };

        var updates = await _demo.Model.StepAsync(conversation, TestContext.Current.CancellationToken);
        updates.Call()!.Arguments.Should().Equal(new Dictionary<string, object?> { ["expression"] = "2 + 2" });
    }

    [Fact]
    public async Task A_search_finds_in_the_threads_of_the_runs_user_and_leaves_the_question_out()
    {
        var hit = new FoundText(new ThreadId("thr_1"), null, 3, Evening, new Excerpt("A whale is a mammal.", []));
        var log = new PlayedSearch(hit with { Excerpt = new Excerpt("find whale", []), Seq = 9 }, hit);

        var steps = await _demo.AnswerAsync("find whale", TestContext.Current.CancellationToken, RunOf("usr_me", log));

        steps[^1].Text().Should().Be("I found this in your threads for \"whale\":\n- 2026-03-01 20:30 UTC: A whale is a mammal.");
        log.Searches.Should().Equal((new UserId("usr_me"), "whale"));
    }

    [Fact]
    public async Task A_user_in_the_arguments_of_a_search_changes_nothing()
    {
        var log = new PlayedSearch();
        var arguments = new AIFunctionArguments { ["query"] = "whale", ["user"] = "usr_other", ["services"] = "usr_other" };
        arguments.Services = RunOf("usr_me", log);

        await _demo.Tools.Single(tool => tool.Name == "search_threads").InvokeAsync(arguments, TestContext.Current.CancellationToken);

        log.Searches.Should().Equal((new UserId("usr_me"), "whale"));
    }

    [Fact]
    public async Task A_log_that_cannot_be_searched_is_an_error_for_people()
    {
        var steps = await _demo.AnswerAsync("find whale", TestContext.Current.CancellationToken, RunOf("usr_me", new PlayedSearch { Unavailable = true }));
        steps[^1].Text().Should().StartWith("The search_threads tool could not answer: The threads cannot be searched");
    }

    [Fact]
    public async Task A_question_that_entered_the_run_is_answered_beside_the_first()
    {
        List<ChatMessage> conversation =
        [
            new(ChatRole.User, "What is 6 * 7?"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "calculator")]),
            new(ChatRole.Tool, [new FunctionResultContent("1", new { expression = "6 * 7", result = "42" })]),
            Turn.MessageEntering("What is 2 + 3?"),
        ];

        var call = (await _demo.Model.StepAsync(conversation, TestContext.Current.CancellationToken)).Call()!;
        conversation.Add(new(ChatRole.Assistant, [call]));
        conversation.Add(new(ChatRole.Tool, [new FunctionResultContent(call.CallId, new { expression = "2 + 3", result = "5" })]));
        var answer = (await _demo.Model.StepAsync(conversation, TestContext.Current.CancellationToken)).Text();

        answer.Should().Be("6 * 7 = 42\n\n2 + 3 = 5");
    }

    [Fact]
    public void The_model_sees_the_tools_arguments_and_nothing_of_the_server()
    {
        var schemas = _demo.Tools.ToDictionary(
            tool => tool.Name, tool => tool.JsonSchema.GetProperty("properties").EnumerateObject().Select(property => property.Name).ToArray());
        schemas.Should().BeEquivalentTo(new Dictionary<string, string[]>
        {
            ["clock"] = ["place"], ["calculator"] = ["expression"], ["search_threads"] = ["query"],
        });
    }

    private static ServiceProvider RunOf(string user, IThreadStore log)
    {
        var configuration = new ConfigurationBuilder().Build();
        var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration)
            .AddSingleton<TimeProvider>(new FakeTimeProvider(Evening))
            .AddSingleton(new Places(() => [TimeZoneInfo.CreateCustomTimeZone("Asia/Tokyo", TimeSpan.FromHours(9), "", "")]))
            .AddSingleton(TestRuns.Context(user)).AddSingleton(log).AddAgents();
        return new TestBuilder(services).AddDemo(configuration).Services.BuildServiceProvider();
    }
}
