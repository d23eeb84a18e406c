using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>How much memory an upstream can take. Nothing else runs meanwhile, so that what is measured is its.</summary>
[Collection(nameof(UpstreamMemoryTests))]
[CollectionDefinition(nameof(UpstreamMemoryTests), DisableParallelization = true)]
public sealed class UpstreamMemoryTests
{
    private const long Most = 64 * 1024 * 1024;
    private const int Piece = 64 * 1024;
    private const string Padding = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Trait("failure", "M8")]
    [Theory]
    [InlineData("line", "data: {\"choices\":[{\"delta\":{\"content\":\"", "aaaaaaaa", RunFailure.ModelUnavailable)]
    [InlineData("lines of one object", "{\n", "\"a\":[1],\n", RunFailure.ModelUnavailable)]
    [InlineData("deltas", "", "data: {\"x\":\"" + Padding + "\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n", RunFailure.ModelUnavailable)]
    [InlineData("text", "", "data: {\"choices\":[{\"delta\":{\"content\":\"" + Padding + "\"}}]}\n\n", null)]
    [InlineData("thoughts", "", "data: {\"choices\":[{\"delta\":{\"reasoning\":\"" + Padding + "\"}}]}\n\n", null)]
    [InlineData("arguments", "", "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"clock\",\"arguments\":\"0123456789\"}}]}}]}\n\n", RunFailure.ModelUnavailable)]
    [InlineData("calls", "", "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"clock\",\"arguments\":\"{}\"}}]}}]}\n\n", RunFailure.ModelUnavailable)]
    [InlineData("error", "data: {\"error\":\"", "aaaaaaaa", RunFailure.ModelUnavailable)]
    [InlineData("page", "<html>\n", "<p>" + Padding + "</p>\n", RunFailure.ModelUnavailable)]
    public async Task An_answer_without_end_is_ended_and_takes_no_more_than_64_MB(string what, string first, string then, RunFailure? code)
    {
        await using var provider = await ModelServer.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            var piece = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(then, Piece / then.Length)));
            await context.Response.WriteAsync(first, context.RequestAborted);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            }
        });

        var end = await MeasuredAsync(provider, what);

        (end as AgentFailed)?.Code.Should().Be(code, what);
        (end is AgentFailed).Should().Be(code is not null, what);
    }

    [Trait("failure", "M8")]
    [Fact]
    public async Task Headers_without_end_are_ended_and_take_no_more_than_64_MB()
    {
        await using var provider = await ModelServer.StartAsync(context =>
        {
            for (var i = 0; i < 200; i++)
            {
                context.Response.Headers[$"X-{i}"] = new string('a', 6000);
            }

            return context.Response.WriteAsync("data: [DONE]\n\n");
        });

        (await MeasuredAsync(provider, "headers")).Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.ModelUnavailable);
    }

    private static async Task<RunEvent> MeasuredAsync(ModelServer provider, string what)
    {
        await using var server = new ChatServer(
            ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"), ("Agents:List:0:Retries", "0"),
            ("Agents:List:0:Tools:0", "clock"));
        await using var client = await server.ConnectAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = before;
        var run = client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());
        using var samples = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!run.IsCompleted && await samples.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            // Collected only where there is much: then what counts is what is held.
            var held = GC.GetTotalMemory(forceFullCollection: false);
            most = Math.Max(most, held - before < Most ? held : GC.GetTotalMemory(forceFullCollection: true));
        }

        (most - before).Should().BeLessThan(Most, what);
        return await run;
    }
}
