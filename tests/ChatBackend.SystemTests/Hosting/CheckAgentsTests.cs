using System.Net;
using System.Net.Sockets;
using ChatBackend.Tests.Agents;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.SystemTests.Hosting;

/// <summary>The program with <c>--check-agents</c>: what an operator reads, and the exit code that a script looks at.</summary>
[Trait("failure", "M5")]
[Trait("failure", "M7")]
public sealed class CheckAgentsTests
{
    private const string Key = "sk-secret-key-123456";
    private const string Header = "org-secret-header-7";

    [Fact]
    public async Task Each_agent_has_a_line_and_one_that_does_not_answer_is_the_exit_code()
    {
        await using var good = await StartAsync(context => context.Request.Path == "/v1/chat/completions"
            ? SendAsync(context, Text("OK"), Chunk("{}", "\"stop\""), """{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1}}""", "[DONE]")
            : RefuseAsync(context, StatusCodes.Status404NotFound, "text/html", "<html>Nothing is here.</html>"));
        await using var refusing = await StartAsync(context => RefuseAsync(
            context, StatusCodes.Status401Unauthorized, "application/json", $$$"""{"error":{"message":"Incorrect API key provided: {{{Key}}} of {{{Header}}}"}}"""));
        using var closed = new TcpListener(IPAddress.Loopback, 0); // bound, and not listening
        closed.Server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var unreachable = $"http://{closed.Server.LocalEndPoint}/v1";
        var address = good.Endpoint[..^"/v1".Length];

        var (code, lines, all) = await RunAsync(("good", good.Endpoint), ("refused", refusing.Endpoint), ("gone", unreachable), ("astray", $"{address}/elsewhere"));

        code.Should().Be(1, all);
        lines["good"].Should().MatchRegex($"^good +ok +[0-9.]+ s, small at {good.Endpoint}/chat/completions: \"OK\", 7 tokens in, 1 out$");
        lines["refused"].Should().MatchRegex($"^refused +failed +[0-9.]+ s, small at .*: Misconfigured: {refusing.Endpoint}/chat/completions .*401.*: Incorrect API key provided: \\*\\*\\*");
        lines["gone"].Should().MatchRegex($"^gone +failed +[0-9.]+ s, .*: Unavailable: {unreachable}/chat/completions could not be reached: ");
        lines["astray"].Should().MatchRegex("^astray +failed +[0-9.]+ s, .*: Misconfigured: ").And.Contain("404").And.Contain($"{address}/elsewhere/chat/completions and {address}/elsewhere/v1/chat/completions");
        all.Should().NotContain(Key).And.NotContain(Header);
        good.Requests.Should().Contain(request => request.Key!.Parameter == Key);
    }

    [Fact]
    public async Task Where_all_answer_the_exit_code_is_0_also_for_an_address_that_only_lacks_its_version()
    {
        await using var good = await StartAsync(context => context.Request.Path == "/v1/chat/completions"
            ? SendAsync(context, Text("OK"), Chunk("{}", "\"stop\""), "[DONE]")
            : RefuseAsync(context, StatusCodes.Status404NotFound, "text/html", "<html>Nothing is here.</html>"));

        var (code, lines, all) = await RunAsync(("good", good.Endpoint[..^"/v1".Length]));

        code.Should().Be(0, all);
        lines["good"].Should().Contain(" ok ");
        all.Should().NotContain(Key);
    }

    private static async Task<(int Code, Dictionary<string, string> Lines, string All)> RunAsync(params (string Name, string Endpoint)[] agents)
    {
        var settings = new Dictionary<string, string> { ["Agents:Demo:Enabled"] = "false", ["MODEL_KEY"] = Key, ["MODEL_ORG"] = Header };
        foreach (var (i, (name, endpoint)) in agents.Index())
        {
            settings[$"Agents:List:{i}:Name"] = name;
            settings[$"Agents:List:{i}:Endpoint"] = endpoint;
            settings[$"Agents:List:{i}:Model"] = "small";
            settings[$"Agents:List:{i}:KeyFrom"] = "MODEL_KEY";
            settings[$"Agents:List:{i}:HeadersFrom:X-Org"] = "MODEL_ORG";
            settings[$"Agents:List:{i}:Retries"] = "0";
        }

        await using var server = ServerProcess.Launch(new ServerSettings { Configuration = settings, Arguments = ["--check-agents"] });
        var code = await server.ExitAsync();
        return (code, agents.ToDictionary(agent => agent.Name, agent => server.Log.Split('\n').Single(line => line.StartsWith($"{agent.Name} ", StringComparison.Ordinal))), server.Log);
    }
}
