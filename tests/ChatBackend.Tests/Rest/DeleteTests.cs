using System.Net;
using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Rest;

/// <summary>What is deleted is gone: for followers, for every verb, and from the disk.</summary>
public sealed class DeleteTests
{
    [Fact]
    [Trait("failure", "P2")]
    public async Task Deleting_ends_the_run_at_the_provider_and_tells_every_follower()
    {
        var aborted = new TaskCompletionSource();
        await using var model = await ModelServer.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => aborted.TrySetResult());
            await ModelServer.SendAsync(context, ModelServer.Text("still "));
            await aborted.Task;
        });
        await using var server = new ChatServer(
            ("Agents:List:0:Name", "remote"), ("Agents:List:0:Kind", "openai"), ("Agents:List:0:Endpoint", model.Endpoint), ("Agents:List:0:Model", "m"));
        await using var client = await server.ConnectAsync();
        await using var tab = await server.ConnectAsync(client.Guest);
        var ack = await client.Connection.ChatAsync("Hello", agent: "remote").Soon();
        var thread = ack.ThreadId!.Value;
        await tab.Connection.FollowAsync(thread).Soon();
        await client.Frames.UntilAsync<AgentDelta>();

        await (await server.RestAsync(client.Guest)).JsonAsync(HttpMethod.Delete, $"/api/threads/{thread}", status: HttpStatusCode.NoContent);

        await aborted.Task.Soon();
        (await client.Frames.UntilAsync<ThreadDeleted>()).ThreadId.Should().Be(thread);
        await tab.Frames.UntilAsync<ThreadDeleted>();
        await server.UntilGaugeAsync("chat_runs", 0);
        foreach (var follower in new[] { client, tab })
        {
            var frames = follower.Frames.All();
            frames.OfType<ThreadDeleted>().Should().ContainSingle();
            frames[^1].Should().BeOfType<ThreadDeleted>("nothing of the thread comes after");
        }
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task After_that_every_verb_says_not_found_and_the_connection_has_room_again()
    {
        await using var server = new ChatServer(("Connections:MaxFollowedThreads", "1"));
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var ack = await client.PlayAsync("""{"steps":[{"wait_ms":600000}]}""");
        var thread = ack.ThreadId!.Value;

        await rest.JsonAsync(HttpMethod.Delete, $"/api/threads/{thread}", status: HttpStatusCode.NoContent);
        await client.Frames.UntilAsync<ThreadDeleted>();

        (await TestClient.RefusalOfAsync(() => client.PlayAsync("again", thread))).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => client.Connection.StopAsync(thread).Soon())).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => client.Connection.FollowAsync(thread).Soon())).Should().Be(ErrorCode.NotFound);
        (await TestClient.RefusalOfAsync(() => client.Connection.UnfollowAsync(thread).Soon())).Should().Be(ErrorCode.NotFound);
        await rest.ProblemAsync(HttpMethod.Delete, $"/api/threads/{thread}", 404);
        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{thread}", 404);
        (await rest.GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(0);
        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"another"}]}"""));
    }

    [Fact]
    public async Task Nothing_of_it_is_left_in_the_files_of_the_store()
    {
        await using var server = new ChatServer(("Runs:CheckpointInterval", "00:00:00.1"));
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        Ack? gone = null, kept = null;
        for (var i = 0; i < 12; i++)
        {
            // Turn and turn about, so that both share pages of the file.
            gone = await client.PlayAsync($$"""{"steps":[{"think":"zebrafish {{i}}","chunks":5,"every_ms":30},{"say":"xylophone zebrafish {{i}} {{new string('z', 3000)}}","chunks":5,"every_ms":30}]}""", gone?.ThreadId);
            await client.EndOfAsync(gone);
            kept = await client.PlayAsync($$"""{"steps":[{"say":"marmalade {{i}}"}]}""", kept?.ThreadId);
            await client.EndOfAsync(kept);
        }

        await server.CatchUpSearchAsync();
        (await FilesAsync(server)).Should().Contain("xylophone").And.Contain("zebrafish").And.Contain(gone!.ThreadId!.Value.Value);

        await rest.JsonAsync(HttpMethod.Delete, $"/api/threads/{gone!.ThreadId}", status: HttpStatusCode.NoContent);

        var left = await FilesAsync(server);
        left.Should().Contain("marmalade").And.NotContain("xylophone").And.NotContain("zebrafish").And.NotContain("zzz");
        await server.CatchUpSearchAsync();
        (await rest.GetAsync("/api/threads?query=zebrafish")).GetProperty("hits").GetArrayLength().Should().Be(0);
        (await rest.GetAsync("/api/threads?query=marmalade&limit=200")).GetProperty("hits").GetArrayLength().Should().Be(24);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("failure", "P4")]
    public async Task A_late_retry_of_a_message_to_it_is_answered_as_a_duplicate_and_has_no_effect(bool namesThread)
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var thread = await rest.CreateAsync();
        var (id, script) = (ClientFrameId.New(), """{"steps":[{"say":"once"}]}""");
        var first = await client.PlayAsync(script, namesThread ? thread : null, id: id);
        await client.EndOfAsync(first);
        await rest.JsonAsync(HttpMethod.Delete, $"/api/threads/{first.ThreadId}", status: HttpStatusCode.NoContent);

        await using var later = await server.ConnectAsync(client.Guest);
        var again = await later.PlayAsync(script, namesThread ? thread : null, id: id);

        again.Should().Be(first with { Status = AckStatus.Duplicate });
        (await TestClient.RefusalOfAsync(() => later.PlayAsync("other", namesThread ? thread : null, id: id))).Should().Be(ErrorCode.IdConflict);
        (await rest.GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(namesThread ? 0 : 1, "only the other thread is there");
        later.Frames.All().OfType<ThreadEvent>().Should().BeEmpty();
    }

    private static async Task<string> FilesAsync(ChatServer server)
    {
        var all = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(server.DataDirectory, "*.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            all.Append(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        return all.ToString();
    }
}
