using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>A model that calls a tool wrongly is told what is wrong, and a run that learns nothing from it ends.</summary>
[Trait("failure", "M9")]
public sealed class WrongArgumentsTests
{
    private enum Unit
    {
        Celsius,
        Kelvin,
    }

    [Theory]
    [InlineData("place", 42, "The arguments do not fit. place: expected a string, got 42.")]
    [InlineData("town", "Oslo", "The arguments do not fit. place: is missing, expected a string; town: is not known; known are place, days, when, unit.")]
    [InlineData("days", "soon", "The arguments do not fit. days: expected an integer, got \"soon\".")]
    [InlineData("days", 3_000_000_000, "The arguments do not fit. days: cannot be read as Int32, got 3000000000.")]
    [InlineData("when", "tomorrow", "The arguments do not fit. when: cannot be read as DateTimeOffset, got \"tomorrow\".")]
    [InlineData("unit", "Rankine", "The arguments do not fit. unit: expected one of \"Celsius\", \"Kelvin\", got \"Rankine\".")]
    public async Task The_model_is_told_which_argument_is_wrong_and_why(string name, object value, string told)
    {
        (string, object?)[] arguments = name is "place" or "town" ? [(name, value)] : [("place", "Oslo"), (name, value)];

        var (completed, model) = await CallAsync(Call("weather", arguments));

        (completed.Outcome, completed.Error).Should().Be((ToolOutcome.Failed, told));
        JsonSerializer.SerializeToElement(Result(model)).GetProperty("error").GetString().Should().Be(told);
    }

    [Fact]
    public async Task What_the_tool_can_read_all_the_same_is_given_to_it()
    {
        var (completed, _) = await CallAsync(Call("weather", ("place", "Oslo"), ("days", "7"), ("when", "2026-11-23T09:30:00Z"), ("unit", "Kelvin"), ("more", true)));

        completed.Result!.Value.GetString().Should().Be("Oslo 7 2026 Kelvin");
    }

    [Fact]
    public async Task Arguments_that_are_no_JSON_and_those_that_are_too_large_are_told_apart()
    {
        var broken = Call("weather");
        broken.Exception = new JsonException("at position 3 of a secret");
        (await CallAsync(broken)).Completed.Error.Should().Be("The arguments are not JSON that can be read. Send one whole JSON object.");
        (await CallAsync(Call("weather", ("place", new string('x', 2000))))).Completed.Error.Should().Be("The arguments are larger than 1000 bytes.");
        var deep = JsonElement.Parse(new string('[', 62) + new string(']', 62));
        (await CallAsync(Call("weather", ("place", deep)))).Completed.Error.Should().StartWith("The arguments nest deeper than");
    }

    [Fact]
    public async Task A_call_of_no_tool_is_told_which_there_are()
    {
        var (completed, model) = await CallAsync(Call("wether", ("place", "Oslo")));

        completed.Error.Should().Be("No tool is called wether. The tools that there are: weather, search_threads.");
        model.Requests.Should().HaveCount(2, "the run goes on");
    }

    [Fact]
    public async Task Nobody_is_asked_to_approve_a_call_that_cannot_be_made()
    {
        var (completed, _) = await CallAsync(Call("weather", ("place", 1)), ("Tools:weather:Approval", "always"));

        completed.Outcome.Should().Be(ToolOutcome.Failed);
    }

    [Fact]
    public async Task The_third_time_that_the_same_call_fails_ends_the_run_and_says_so()
    {
        FunctionCallContent Wrong() => Call("weather", ("days", 1), ("place", 42));
        FunctionCallContent WrongInOtherWords() => Call("weather", ("place", 42), ("days", 1));
        var model = new ScriptedModel([Wrong(), Wrong(), Wrong()], [WrongInOtherWords()], [Call("weather", ("place", "Oslo"))], [Wrong()], [Say("never")]);
        await using var server = ServerOf(model);
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("Go").Soon();

        var failed = (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Subject;
        (failed.Code, failed.Retryable).Should().Be((RunFailure.RepeatedToolFailure, false));
        failed.Message.Should().Be("The agent called weather three times with the same arguments, and it failed each time: The arguments do not fit. place: expected a string, got 42.");
        model.Requests.Should().HaveCount(4);
        client.Frames.All().OfType<ToolCompleted>().Should().HaveCount(6, "what was called in one step was called without knowing better");
    }

    [Fact]
    public async Task A_call_that_succeeds_in_between_begins_the_count_again_and_other_arguments_are_another_call()
    {
        var made = 0;
        FunctionCallContent Flaky() => Call("flaky");
        AIContent[][] steps = [[Flaky()], [Flaky()], [Flaky()], [Flaky()], [Flaky()], [Call("bad", ("n", 1))], [Call("bad", ("n", 2))], [Call("bad", ("n", 3))], [Say("through")]];
        await using var server = new ChatServer(services => services.AddChatBackend().AddAgent("support", agent => agent.UseModel(new ScriptedModel(steps))
            .AddTool("flaky", () => Interlocked.Increment(ref made) == 3 ? 1 : throw new ChatToolException("Not now."))
            .AddTool("bad", int (int n) => throw new ChatToolException("Never."))));
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("Go").Soon())).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("through");
    }

    [Fact]
    public async Task A_nested_run_that_ends_so_is_a_tool_that_failed()
    {
        var inner = new ScriptedModel([Call("none")], [Call("none")], [Call("none")], [Say("never")]);
        await using var server = new ChatServer(services => services.AddChatBackend()
            .AddAgent("support", agent => agent.UseModel(new ScriptedModel([Call("helper", ("task", "Help"))])).AddAgentTool("helper", "Helps."))
            .AddAgent("helper", agent => agent.UseModel(inner)));
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("Go").Soon())).Should().BeOfType<AgentCompleted>();

        client.Frames.All().OfType<ToolCompleted>().Last().Error.Should().Contain("three times");
    }

    private static async Task<(ToolCompleted Completed, ScriptedModel Model)> CallAsync(FunctionCallContent call, params (string, string)[] settings)
    {
        var model = new ScriptedModel([call]);
        await using var server = ServerOf(model, settings);
        await using var client = await server.ConnectAsync();
        (await client.EndOfAsync(await client.Connection.ChatAsync("Go").Soon())).Should().BeOfType<AgentCompleted>();
        return (client.Frames.All().OfType<ToolCompleted>().Single(), model);
    }

    private static object Result(ScriptedModel model) => model.Requests[1][^1].Contents.OfType<FunctionResultContent>().Single().Result!;

    private static ChatServer ServerOf(ScriptedModel model, params (string, string)[] settings) => new(
        services => services.AddChatBackend().AddAgent("support", agent => agent.UseModel(model).UseTool("search_threads").AddTool(
            "weather", (string place, int days = 1, DateTimeOffset when = default, Unit unit = Unit.Celsius) => $"{place} {days} {when.Year} {unit}")),
        [("Runs:MaxToolBytes", "1000"), .. settings]);
}
