using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>A result too large for an event: shortened for all who follow and for the model, and whole for who asks for it.</summary>
public sealed class LargeResultTests
{
    private static readonly string Whole = string.Concat(Enumerable.Range(0, 30_000).Select(n => $"line {n} 😀\n"));

    [Fact]
    public async Task The_event_and_the_model_have_its_begin_and_end_and_the_whole_is_there_in_any_range()
    {
        var model = new ScriptedModel([Call("read")]);
        await using var server = ServerOf(model, () => Whole);
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Read it").Soon();
        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();

        var completed = client.Frames.All().OfType<ToolCompleted>().Single();
        completed.Outcome.Should().Be(ToolOutcome.Succeeded);
        var shown = completed.Result!.Value.GetString()!;
        shown.Should().StartWith("line 0 😀\nline 1 ").And.EndWith("line 29999 😀\n").And.Contain($" of {Whole.Length} characters are left out here");
        Encoding.UTF8.GetByteCount(shown).Should().BeLessThan(128 * 1024);
        ((JsonElement)model.Requests[1][^1].Contents.OfType<FunctionResultContent>().Single().Result!).GetString().Should().Be(shown);

        var rest = await server.RestAsync(client.Guest);
        var path = $"/api/threads/{ack.ThreadId}/tool_results/{completed.CallId}";
        (await rest.GetAsync(path)).GetString().Should().Be(Whole);
        completed.ResultBytes.Should().BeGreaterThan(300_000);
        (await client.Connection.ReadResultAsync(server.Http, completed, TestContext.Current.CancellationToken).Soon())!.Value.GetString().Should().Be(Whole);
        var (status, range, part) = await RangeAsync(server, client.Guest.Token, path, 65_530, 65_549);
        (status, range).Should().Be((HttpStatusCode.PartialContent, $"bytes 65530-65549/{completed.ResultBytes}"));
        part.Should().HaveCount(20);
        var (_, _, end) = await RangeAsync(server, client.Guest.Token, path, completed.ResultBytes!.Value - 1, null);
        end.Should().Equal((byte)'"');

        var next = await client.Connection.ChatAsync("And now?", ack.ThreadId).Soon();
        await client.EndOfAsync(next);
        model.Requests[2].SelectMany(message => message.Contents).OfType<FunctionResultContent>().Single().Result!.ToString().Should().Be(shown, "what goes back stays the same");
    }

    [Fact]
    public async Task It_is_the_owners_alone_stands_in_the_export_and_goes_with_the_thread()
    {
        await using var server = ServerOf(new ScriptedModel([Call("read")]), () => new { text = Whole });
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Read it").Soon();
        await client.EndOfAsync(ack);
        var completed = client.Frames.All().OfType<ToolCompleted>().Single();
        var call = completed.CallId.Value;
        var path = $"/api/threads/{ack.ThreadId}/tool_results/{call}";
        var rest = await server.RestAsync(client.Guest);

        await (await server.RestAsync()).ProblemAsync(HttpMethod.Get, path, 404);
        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{ack.ThreadId}/tool_results/call_other", 404);
        (await rest.GetAsync($"/api/threads/{ack.ThreadId}/export")).GetProperty("tool_results").GetProperty(call).GetProperty("text").GetString().Should().Be(Whole);

        (await rest.SendAsync(HttpMethod.Delete, $"/api/threads/{ack.ThreadId}")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        await rest.ProblemAsync(HttpMethod.Get, path, 404);
        var read = () => client.Connection.ReadResultAsync(server.Http, completed, TestContext.Current.CancellationToken).Soon();
        (await read.Should().ThrowAsync<HttpRequestException>()).Which.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_run_stores_so_much_and_the_model_is_told_what_was_too_much()
    {
        var model = new ScriptedModel([Call("read")], [Call("read")], [Call("read")]);
        await using var server = ServerOf(model, () => new string('x', 1500), ("Runs:MaxToolBytes", "1000"), ("Runs:MaxStoredResultBytes", "3100"));
        await using var client = await server.ConnectAsync();

        await client.EndOfAsync(await client.Connection.ChatAsync("Read it").Soon());

        var calls = client.Frames.All().OfType<ToolCompleted>().ToList();
        calls.Select(call => call.Outcome).Should().Equal(ToolOutcome.Succeeded, ToolOutcome.Succeeded, ToolOutcome.Failed);
        calls[0].Result!.Value.GetRawText().Length.Should().BeLessThan(1000);
        (await client.Connection.ReadResultAsync(server.Http, calls[1], TestContext.Current.CancellationToken).Soon())!.Value.GetString().Should().Be(new string('x', 1500));
        (await client.Connection.ReadResultAsync(server.Http, calls[2], TestContext.Current.CancellationToken).Soon()).Should().BeNull();
        calls[2].Error.Should().Be("The result has 1502 bytes; of larger ones than 1000 this run can take 96 bytes more. Ask for less.");
    }

    private static ChatServer ServerOf(ScriptedModel model, Func<object> read, params (string, string)[] settings) => new(
        services => services.AddChatBackend().AddAgent("support", agent => agent.UseModel(model).AddTool("read", read)), settings);

    private static async Task<(HttpStatusCode Status, string? Range, byte[] Bytes)> RangeAsync(ChatServer server, string token, string path, long from, long? to)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)) { Headers = { Range = new RangeHeaderValue(from, to) } };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken).Soon();
        return (response.StatusCode, response.Content.Headers.ContentRange?.ToString(), await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
