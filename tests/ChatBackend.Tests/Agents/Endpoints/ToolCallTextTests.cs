using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Completions;
using ChatBackend.Agents.Responses;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents.Endpoints;

/// <summary>Calls and results, as every API is sent them.</summary>
[Trait("failure", "M2")]
public sealed class ToolCallTextTests
{
    private const string Arguments = """{"city":"Bonn","days":[1,2]}""";
    private const string Result = """{"weather":{"rain":true}}""";

    [Theory]
    [InlineData("openai")]
    [InlineData("openai-responses")]
    public async Task They_are_sent_without_white_space_that_is_paid_for(string provider)
    {
        await using var server = await ModelServer.StartAsync(context => ModelServer.RefuseAsync(context, 400, "text/plain", "no"));
        var options = new ModelEndpointOptions { Name = "a", Endpoint = server.Endpoint, Model = "small", Provider = provider };
        using var model = provider == "openai" ? CompletionsClient.Connect(options, null, TimeProvider.System) : ResponsesClient.Connect(options, null, TimeProvider.System);
        var call = new FunctionCallContent("call_1", "not a legal name", JsonSerializer.Deserialize<Dictionary<string, object?>>(Arguments));
        List<ChatMessage> conversation =
        [
            new(ChatRole.User, "Hi"), new(ChatRole.Assistant, [call]), new(ChatRole.Tool, [new FunctionResultContent("call_1", JsonElement.Parse(Result))]),
        ];

        await Record.ExceptionAsync(() => model.StepAsync(conversation, TestContext.Current.CancellationToken));

        var sent = server.Requests[0].Body;
        var (name, arguments, result) = provider == "openai" ? OfCompletions(sent.GetProperty("messages")) : OfResponses(sent.GetProperty("input"));
        (name, arguments, result).Should().Be(("not_a_legal_name", Arguments, Result));
    }

    private static (string?, string?, string?) OfCompletions(JsonElement messages)
    {
        var function = messages[1].GetProperty("tool_calls")[0].GetProperty("function");
        return (function.GetProperty("name").GetString(), function.GetProperty("arguments").GetString(), messages[2].GetProperty("content").GetString());
    }

    private static (string?, string?, string?) OfResponses(JsonElement input) =>
        (input[1].GetProperty("name").GetString(), input[1].GetProperty("arguments").GetString(), input[2].GetProperty("output").GetString());
}
