using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Tests.Agents;

/// <summary>One run through the server for each kind of provider: its model calls a tool, says "Hel", and is stopped.</summary>
internal static class ToolAndStop
{
    /// <param name="result">What stands in a request only when it has the tool's result.</param>
    /// <param name="call">Answers with a call of <c>clock</c>.</param>
    /// <param name="half">Answers with the beginning of "Hello".</param>
    public static async Task PlayAsync(string provider, string result, Func<HttpContext, Task> call, Func<HttpContext, Task> half)
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var model = await ModelServer.StartAsync(async (context, body) =>
        {
            if (!body.GetRawText().Contains(result, StringComparison.Ordinal))
            {
                await call(context);
                return;
            }

            context.RequestAborted.Register(aborted.SetResult);
            await half(context);
            await aborted.Task;
        });
        await using var server = new ChatServer(
            ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", model.Endpoint), ("Agents:List:0:Model", "small"),
            ("Agents:List:0:Provider", provider), ("Agents:List:0:Tools:0", "clock"));
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Hi").Soon();
        await client.Frames.UntilAsync<AgentDelta>();

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>().Which.Content.Should().Be("Hel");
        client.Frames.All().OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Succeeded);
        await aborted.Task.Soon();
    }
}
