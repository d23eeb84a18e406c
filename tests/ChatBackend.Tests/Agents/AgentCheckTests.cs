using System.Net;
using ChatBackend.Server;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>Whether models answer: as an operator asks, and as probes are told.</summary>
public sealed class AgentCheckTests
{
    private const string Key = "sk-secret-key-123456";

    [Fact]
    public async Task Each_agent_is_asked_and_its_line_says_what_it_got_or_why_it_did_not()
    {
        await using var good = await StartAsync(context => SendAsync(
            context, Text("OK"), Chunk("{}", "\"stop\""), """{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1}}""", "[DONE]"));
        await using var bad = await StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            return context.Response.WriteAsync($$$"""{"error":{"message":"Incorrect API key provided: {{{Key}}}"}}""", context.RequestAborted);
        });
        await using var server = ServerOf(good.Endpoint, bad.Endpoint);
        using var output = new StringWriter();

        var code = await CheckAgentsCommand.RunAsync(server.Services, output, TestContext.Current.CancellationToken);

        code.Should().Be(1);
        var lines = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        lines.Should().HaveCount(4);
        lines[0].Should().MatchRegex("^good    ok      .* s, small at http://.*: \"OK\", 7 tokens in, 1 out$");
        lines[1].Should().StartWith("demo    ok ");
        lines[2].Should().MatchRegex("^bad     failed  .* s, large at http://.*: Misconfigured: http://.*401.*Incorrect API key");
        lines[3].Should().StartWith("script  ok ");
        output.ToString().Should().NotContain(Key);
        good.Requests.Single().Body.GetProperty("tools").GetArrayLength().Should().Be(1, "a schema that is refused would be seen");
    }

    [Fact]
    public async Task Where_all_answer_the_code_is_0()
    {
        await using var good = await StartAsync(context => SendAsync(context, Text("OK"), Chunk("{}", "\"stop\""), "[DONE]"));
        await using var server = ServerOf(good.Endpoint, good.Endpoint);

        (await CheckAgentsCommand.RunAsync(server.Services, TextWriter.Null, TestContext.Current.CancellationToken)).Should().Be(0);
    }

    [Fact]
    public void The_settings_beside_the_command_are_the_servers()
    {
        CheckAgentsCommand.IsOne(["--DataDirectory=/tmp", "--check-agents"]).Should().BeTrue();
        CheckAgentsCommand.IsOne(["check"]).Should().BeFalse();
        CheckAgentsCommand.Settings(["--check-agents", "--Agents:Default=a"]).Should().Equal("--Agents:Default=a");
    }

    [Fact]
    public async Task A_model_that_does_not_answer_degrades_and_heals_by_its_next_answer()
    {
        var isDown = true;
        await using var provider = await StartAsync(context =>
        {
            if (isDown)
            {
                context.Response.StatusCode = 401;
                return Task.CompletedTask;
            }

            return SendAsync(context, Text("OK"), Chunk("{}", "\"stop\""), "[DONE]");
        });
        await using var server = ServerOf(provider.Endpoint, provider.Endpoint);
        await using var client = await server.ConnectAsync();
        (await ReadyAsync(server)).Should().Be("Healthy");

        await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());
        (await ReadyAsync(server)).Should().Be("Degraded\nmodels that did not answer the last time: 1");
        provider.Requests.Should().ContainSingle("a probe costs no tokens");

        isDown = false;
        await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());
        (await ReadyAsync(server)).Should().Be("Healthy");
    }

    private static async Task<string> ReadyAsync(ChatServer server)
    {
        using var answer = await server.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static ChatServer ServerOf(string good, string bad) => new(
        ("Agents:Default", "good"), ("Agents:List:0:Name", "good"), ("Agents:List:0:Endpoint", good), ("Agents:List:0:Model", "small"), ("Agents:List:0:Tools:0", "clock"),
        ("Agents:List:1:Name", "bad"), ("Agents:List:1:Endpoint", bad), ("Agents:List:1:Model", "large"), ("Agents:List:1:KeyFrom", "TEST_KEY"), ("TEST_KEY", Key));
}
