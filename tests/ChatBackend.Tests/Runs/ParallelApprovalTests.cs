using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Runs;

/// <summary>A model calls several tools at once, and each waits for approval: each is asked for, decided and completed, over a restart too.</summary>
[Trait("failure", "P9")]
public sealed class ParallelApprovalTests : IDisposable
{
    private const string TwoCalls = """
        {"tool_calls":[
          {"index":0,"id":"a","type":"function","function":{"name":"calculator","arguments":"{\"expression\":\"6 * 7\"}"}},
          {"index":1,"id":"b","type":"function","function":{"name":"calculator","arguments":"{\"expression\":\"2 + 3\"}"}}]}
        """;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Each_survives_a_restart_while_the_first_waits(int decidedFirst)
    {
        await using var provider = await ModelServer.StartAsync((context, body) =>
            body.GetProperty("messages").EnumerateArray().Any(message => message.GetProperty("role").GetString() == "tool")
                ? ModelServer.SendAsync(context, ModelServer.Text("done"), ModelServer.Chunk("{}", "\"stop\""), "[DONE]")
                : ModelServer.SendAsync(context, ModelServer.Chunk(TwoCalls.ReplaceLineEndings("")), ModelServer.Chunk("{}", "\"tool_calls\""), "[DONE]"));
        Ack ack;
        ChatBackend.Client.GuestSession guest;
        await using (var first = ServerOf(provider))
        {
            await using var client = await first.ConnectAsync();
            guest = client.Guest;
            ack = await client.Connection.ChatAsync("Two sums, please.").Soon();
            await client.Frames.UntilAsync(frames => frames.OfType<ApprovalRequired>().Count() == 2, "two questions");
        }

        await using var server = ServerOf(provider);
        await using var late = await server.ConnectAsync(guest);
        await late.Connection.FollowAsync(ack.ThreadId!.Value, 0).Soon();
        await late.Frames.UntilAsync(frames => frames.OfType<ApprovalRequired>().Count() == 2, "two questions");
        var asked = late.Frames.All().OfType<ApprovalRequired>().ToList();
        await late.Connection.DecideAsync(asked[decidedFirst], ApprovalDecision.Approve).Soon();
        await late.Frames.UntilAsync<ToolCompleted>(completed => completed.CallId == asked[decidedFirst].CallId);
        await late.Connection.DecideAsync(asked[1 - decidedFirst], ApprovalDecision.Reject).Soon();

        (await late.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
        var completed = late.Frames.All().OfType<ToolCompleted>().ToDictionary(tool => tool.CallId, tool => tool.Outcome);
        completed.Should().HaveCount(2);
        completed[asked[decidedFirst].CallId].Should().Be(ToolOutcome.Succeeded);
        completed[asked[1 - decidedFirst].CallId].Should().Be(ToolOutcome.Rejected);
        late.Frames.All().OfType<ApprovalDecided>().Should().HaveCount(2);
        late.Frames.All().OfType<ToolExecuting>().Should().ContainSingle();
    }

    [Fact]
    public async Task A_stop_ends_each_that_waits()
    {
        await using var provider = await ModelServer.StartAsync((context, _) =>
            ModelServer.SendAsync(context, ModelServer.Chunk(TwoCalls.ReplaceLineEndings("")), ModelServer.Chunk("{}", "\"tool_calls\""), "[DONE]"));
        await using var server = ServerOf(provider);
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Two sums, please.").Soon();
        await client.Frames.UntilAsync(frames => frames.OfType<ApprovalRequired>().Count() == 2, "two questions");

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>();
        client.Frames.All().OfType<ToolCompleted>().Select(completed => (completed.CallId, completed.Outcome)).Should().BeEquivalentTo(
            client.Frames.All().OfType<ApprovalRequired>().Select(asked => (asked.CallId, ToolOutcome.Rejected)));
    }

    public void Dispose() => _data.Delete(recursive: true);

    private ChatServer ServerOf(ModelServer provider) => new(
        _data, ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"), ("Agents:List:0:Tools:0", "calculator"),
        ("Agents:Default", "helper"), ("Tools:calculator:Approval", "always"));
}
