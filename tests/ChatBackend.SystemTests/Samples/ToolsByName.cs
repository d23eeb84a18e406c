using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.SystemTests.Samples;

/// <summary>A model that calls the tool which the question names, with the arguments that follow, and then says a word; and a user who asks so.</summary>
internal static class ToolsByName
{
    public static Task<ModelServer> StartModelAsync() => StartAsync((context, body) => SendAsync(context, Answer(body)));

    public static async Task<ToolCompleted> AskAsync(ChatConnection client, string question, bool approves = false)
    {
        var ack = await client.ChatAsync(question).Soon();
        var thread = client.FollowerOf(ack.ThreadId!.Value);
        if (approves)
        {
            var required = (ApprovalRequired)await thread.WaitForAsync(threadEvent => threadEvent is ApprovalRequired).Soon();
            await client.DecideAsync(required, ApprovalDecision.Approve).Soon();
        }

        (await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>();
        return (ToolCompleted)await thread.WaitForAsync(threadEvent => threadEvent is ToolCompleted).Soon();
    }

    private static string[] Answer(JsonElement request)
    {
        var last = request.GetProperty("messages").EnumerateArray().Last();
        var question = last.GetProperty("content").ToString().Split(' ', 2);
        if (last.GetProperty("role").GetString() == "tool" || !question[^1].StartsWith('{'))
        {
            return [Text("Done."), Chunk("{}", "\"stop\""), "[DONE]"];
        }

        var call = $$$"""{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"{{{question[0]}}}","arguments":{{{JsonSerializer.Serialize(question[1])}}}}}]}""";
        return [Chunk(call), Chunk("{}", "\"tool_calls\""), "[DONE]"];
    }
}
