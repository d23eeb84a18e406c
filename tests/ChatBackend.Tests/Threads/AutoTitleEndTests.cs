using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>Every end of a first run titles its thread, and a title is of text that stands.</summary>
public sealed class AutoTitleEndTests : IDisposable
{
    private const string Crash = """{"steps":[{"say":"As far as it came"},{"crash":"boom"}]}""";
    private const string Slow = """{"steps":[{"say":"Begun"},{"tool":"slow","ms":60000}]}""";
    private const string Asking = """{"steps":[{"tool":"mail","approval":true},{"say":"done"}]}""";

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    [Fact]
    public async Task A_run_that_failed_or_was_stopped_titles_its_thread_directly_after_its_end()
    {
        await using var server = Server();
        await using var client = await server.ConnectAsync();
        var failed = await client.PlayAsync(Crash);
        var failure = await client.EndOfAsync(failed);
        var slow = await client.PlayAsync(Slow);
        await client.Frames.UntilAsync<ToolExecuting>();
        await client.Connection.StopAsync(slow.ThreadId!.Value).Soon();
        var stopped = await client.EndOfAsync(slow);

        var ofFailed = await client.Frames.UntilAsync<ThreadRenamed>(renamed => renamed.ThreadId == failed.ThreadId);
        var ofStopped = await client.Frames.UntilAsync<ThreadRenamed>(renamed => renamed.ThreadId == slow.ThreadId);

        failure.Should().BeOfType<AgentFailed>();
        (ofFailed.Title, ofFailed.Seq, ofFailed.FromSeq).Should().Be(("As far as it came", failure.Seq + 1, 1));
        ofStopped.Seq.Should().Be(stopped.Seq + 1);
    }

    [Fact]
    public async Task A_run_that_waits_for_approval_titles_its_thread_once_by_its_message()
    {
        await using var server = Server();
        await using var client = await server.ConnectAsync();

        var ack = await client.PlayAsync(Asking);
        var asked = await client.Frames.UntilAsync<ApprovalRequired>();
        var renamed = await client.Frames.UntilAsync<ThreadRenamed>();
        await client.Connection.DecideAsync(asked, ApprovalDecision.Approve).Soon();
        await client.EndOfAsync(ack);
        await client.EndOfAsync(await client.PlayAsync(Crash, ack.ThreadId));

        renamed.Seq.Should().Be(asked.Seq + 1);
        renamed.Title.Should().StartWith("""{"steps":""");
        client.Frames.All().OfType<ThreadRenamed>().Should().ContainSingle();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_title_of_text_that_was_replaced_is_made_again_also_after_a_restart(bool restarts)
    {
        await using var first = Server();
        await using var before = await first.ConnectAsync();
        var ack = await before.Connection.ChatAsync("My password is swordfish").Soon();
        await before.EndOfAsync(ack);
        (await before.Frames.UntilAsync<ThreadRenamed>()).Title.Should().Contain("swordfish");
        if (restarts)
        {
            await before.DisposeAsync();
            await first.DisposeAsync();
        }

        await using var second = restarts ? Server() : null;
        var server = second ?? first;
        await using var client = await server.ConnectAsync(before.Guest);
        var replacing = await client.Connection.ChatAsync("How do I change a password?", ack.ThreadId, replaces: ack.MessageId).Soon();
        await client.EndOfAsync(replacing);

        var renamed = await client.Frames.UntilAsync<ThreadRenamed>(renamed => renamed.Seq > replacing.Seq);
        (renamed.Title, renamed.By).Should().Be(("How do I change a password?", RenamedBy.Agent));
        await client.EndOfAsync(await client.Connection.ChatAsync("And then?", ack.ThreadId).Soon());
        var rest = await server.RestAsync(client.Guest);
        (await rest.GetAsync($"/api/threads/{ack.ThreadId}")).GetProperty("title").GetString().Should().Be("How do I change a password?");
    }

    [Fact]
    public async Task A_title_stays_that_a_user_gave_or_whose_message_stands()
    {
        await using var server = Server();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var first = await client.Connection.ChatAsync("First").Soon();
        await client.EndOfAsync(first);
        var second = await client.Connection.ChatAsync("Second", first.ThreadId).Soon();
        await client.EndOfAsync(second);
        await client.EndOfAsync(await client.Connection.ChatAsync("Third", first.ThreadId, replaces: second.MessageId).Soon());
        (await rest.GetAsync($"/api/threads/{first.ThreadId}")).GetProperty("title").GetString().Should().Be("First");

        await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{first.ThreadId}", """{"title":"By hand"}""");
        await client.EndOfAsync(await client.Connection.ChatAsync("Fourth", first.ThreadId, replaces: first.MessageId).Soon());

        (await rest.GetAsync($"/api/threads/{first.ThreadId}")).GetProperty("title").GetString().Should().Be("By hand");
    }

    [Fact]
    public async Task A_message_that_was_taken_back_gives_no_title()
    {
        await using var server = Server();
        await using var client = await server.ConnectAsync();
        var slow = await client.PlayAsync(Slow);
        await client.Frames.UntilAsync<ToolExecuting>();
        var waiting = await client.Connection.ChatAsync("Taken back", slow.ThreadId).Soon();
        await client.Connection.StopAsync(slow.ThreadId!.Value, message: waiting.MessageId).Soon();
        await client.Connection.StopAsync(slow.ThreadId!.Value).Soon();
        await client.EndOfAsync(slow);

        (await client.Frames.UntilAsync<ThreadRenamed>()).FromSeq.Should().Be(1);
    }

    public void Dispose() => _data.Delete(recursive: true);

    private ChatServer Server() => new(_data, ("Threads:AutoTitle", "true"));
}
