using System.Globalization;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;

namespace ChatBackend.SystemTests.Upstreams;

/// <summary>How much memory of the machine a model server can take through a real server process: its peak in each run, above what it holds when it is warm.</summary>
public sealed class ResidentMemoryTests(ITestOutputHelper output)
{
    private const double Most = 64; // MB
    private const double Garbage = 12; // MB
    private const int Collections = 8; // of a warm process

    [Fact]
    [Trait("failure", "M8")]
    public async Task Whatever_a_model_server_sends_without_end_takes_no_more_than_64_MB()
    {
        await using var provider = await ModelServer.StartAsync(HungryUpstream.AnswerAsync);
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Configuration = new Dictionary<string, string>
            {
                ["Agents:Default"] = "helper", ["Agents:List:0:Name"] = "helper", ["Agents:List:0:Endpoint"] = provider.Endpoint, ["Agents:List:0:Model"] = "small",
                ["Agents:List:0:Tools:0"] = "clock", ["Agents:List:0:Retries"] = "0",
                ["Agents:List:1:Name"] = "responses", ["Agents:List:1:Endpoint"] = provider.Endpoint, ["Agents:List:1:Model"] = "small", ["Agents:List:1:Provider"] = "openai-responses",
                ["Agents:List:1:Tools:0"] = "clock", ["Agents:List:1:Retries"] = "0",
            },
        });
        await using var connection = await server.ConnectAsync(await server.GuestAsync());
        while (await server.CollectionsAsync() < Collections)
        {
            (await RunAsync(connection, "warm up")).Should().BeOfType<AgentCompleted>();
        }

        var warm = Of(server, "VmRSS");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{warm:0.0} MB when warm"));
        var grown = new List<(string Name, double Megabytes)>();
        foreach (var name in HungryUpstream.All)
        {
            if (Of(server, "VmRSS") - warm > Garbage)
            {
                await server.CollectAsync(); // what is left of the cases before is not this one's
            }

            await File.WriteAllTextAsync($"/proc/{server.Pid}/clear_refs", "5"); // the peak begins again
            var end = await RunAsync(connection, name);
            grown.Add((name, Of(server, "VmHWM") - warm));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{grown[^1].Megabytes,6:0.0} MB  {name}: {(end as AgentFailed)?.Code.ToString() ?? end.GetType().Name}"));
        }

        grown.Should().OnlyContain(growth => growth.Megabytes < Most);
    }

    private static async Task<RunEvent> RunAsync(ChatConnection connection, string content)
    {
        var ack = await connection.ChatAsync(content, agent: content.Contains("Responses", StringComparison.Ordinal) ? "responses" : "helper").Soon();
        var thread = connection.FollowerOf(ack.ThreadId!.Value);
        var end = await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon();
        await connection.UnfollowAsync(ack.ThreadId.Value).Soon();
        return end;
    }

    /// <summary>A line of the process's status, in MB.</summary>
    private static double Of(ServerProcess server, string name)
    {
        var line = File.ReadLines($"/proc/{server.Pid}/status").Single(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
