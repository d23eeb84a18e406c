using System.Net;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Threads;

/// <summary>Another writer has taken the thread, or the store is away: nothing takes effect, the client hears that it may send the same again, and that is taken.</summary>
public sealed class OtherWriterTests : IAsyncDisposable
{
    private const string Asking = """{"steps":[{"say":"one"},{"tool":"mail","approval":true},{"say":"done"}]}""";

    private readonly ChatServer _server = new(services => services.AddSingleton<IEventLog>(
        provider => new FaultyLog(provider.GetRequiredService<ChatBackend.Storage.Sqlite.SqliteEventLog>())));

    private FaultyLog Log => (FaultyLog)_server.Services.GetRequiredService<IEventLog>();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("chat", true)]
    [InlineData("chat", false)]
    [InlineData("decide", true)]
    [InlineData("decide", false)]
    [InlineData("stop", true)]
    [InlineData("stop", false)]
    public async Task A_command_takes_effect_when_it_is_sent_again(string type, bool isTaken)
    {
        await using var client = await _server.ConnectAsync();
        var ack = await client.PlayAsync(Asking);
        var asked = await client.Frames.UntilAsync<ApprovalRequired>();
        await using var raw = await _server.ConnectRawAsync(client.Guest);
        await BreakAsync(ack.ThreadId!.Value, isTaken);
        var command = type switch
        {
            "chat" => $$"""{"type":"chat","id":"x1","thread_id":"{{ack.ThreadId}}","agent":"script","content":"{\"steps\":[]}"}""",
            "decide" => $$"""{"type":"decide","id":"x1","thread_id":"{{ack.ThreadId}}","call_id":"{{asked.CallId}}","arguments_digest":"{{asked.ArgumentsDigest}}","decision":"approve"}""",
            _ => $$"""{"type":"stop","id":"x1","thread_id":"{{ack.ThreadId}}"}""",
        };

        await raw.SendAsync(command);
        var refused = await raw.ReceiveAsync();
        await raw.SendAsync(command);
        var answer = await raw.ReceiveAsync();

        (refused.GetProperty("code").GetString(), refused.GetProperty("retry_after_ms").GetInt32(), refused.GetProperty("message").GetString()).Should().Be(
            ("unavailable", 1000, "The server cannot do that at the moment. Send the same again: it takes effect once."));
        (answer.GetProperty("type").GetString(), answer.GetProperty("status").GetString()).Should().Be(("ack", "accepted"));
        if (type == "stop")
        {
            (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>();
        }
        else if (type == "decide")
        {
            (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("done");
        }
        else
        {
            (await client.Frames.UntilAsync<UserMessage>(message => message.ClientId.Value == "x1")).Seq.Should().BeGreaterThan(asked.Seq);
        }

        client.Frames.All().OfType<ThreadEvent>().Select(happened => happened.Seq).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("stop", typeof(AgentStopped))]
    [InlineData("interrupt", typeof(AgentStopped))]
    [InlineData("decide", typeof(AgentCompleted))]
    public async Task A_command_that_took_effect_unseen_has_all_its_effect_when_it_is_sent_again(string type, Type end)
    {
        await using var client = await _server.ConnectAsync();
        var ack = await client.PlayAsync(Asking);
        var asked = await client.Frames.UntilAsync<ApprovalRequired>();
        await using var raw = await _server.ConnectRawAsync(client.Guest);
        var faults = 1;
        Log.FaultOf = append => append.Command is not null && faults-- > 0 ? AppendFault.After : null;
        var command = type switch
        {
            "interrupt" => $$"""{"type":"chat","id":"x1","thread_id":"{{ack.ThreadId}}","agent":"script","content":"{\"steps\":[{\"say\":\"instead\"}]}","when_running":"interrupt"}""",
            "decide" => $$"""{"type":"decide","id":"x1","thread_id":"{{ack.ThreadId}}","call_id":"{{asked.CallId}}","arguments_digest":"{{asked.ArgumentsDigest}}","decision":"approve"}""",
            _ => $$"""{"type":"stop","id":"x1","thread_id":"{{ack.ThreadId}}"}""",
        };

        await raw.SendAsync(command);
        (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("unavailable");
        await raw.SendAsync(command);

        (await raw.ReceiveAsync()).GetProperty("status").GetString().Should().Be("duplicate");
        (await client.EndOfAsync(ack)).Should().BeOfType(end);
        if (type == "interrupt")
        {
            (await client.Frames.UntilAsync<AgentCompleted>()).Content.Should().Be("instead");
        }
    }

    [Fact]
    public async Task A_run_that_began_unseen_has_failed_however_the_one_before_it_ended()
    {
        await using var client = await _server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"wait_ms":600000}]}""");
        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();
        await client.EndOfAsync(ack);
        await using var raw = await _server.ConnectRawAsync(client.Guest);
        var faults = 1;
        Log.FaultOf = append => append.Command is not null && faults-- > 0 ? AppendFault.After : null;
        var command = $$"""{"type":"chat","id":"x1","thread_id":"{{ack.ThreadId}}","agent":"script","content":"{\"steps\":[{\"say\":\"instead\"}]}"}""";

        await raw.SendAsync(command);
        (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("unavailable");
        await raw.SendAsync(command);

        (await raw.ReceiveAsync()).GetProperty("status").GetString().Should().Be("duplicate");
        (await client.Frames.UntilAsync<AgentFailed>()).Code.Should().Be(RunFailure.Interrupted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task So_does_a_new_title_and_every_follower_sees_it(bool isTaken)
    {
        await using var client = await _server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"say":"hello"}]}""");
        await client.EndOfAsync(ack);
        var rest = await _server.RestAsync(client.Guest);
        await BreakAsync(ack.ThreadId!.Value, isTaken);

        await rest.ProblemAsync(HttpMethod.Patch, $"/api/threads/{ack.ThreadId}", 503, """{"title":"new"}""");
        await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{ack.ThreadId}", """{"title":"new"}""");

        (await client.Frames.UntilAsync<ThreadRenamed>()).Should().Match<ThreadRenamed>(renamed => renamed.Seq == 4 && renamed.Title == "new" && renamed.By == RenamedBy.User);
    }

    [Fact]
    public async Task So_does_a_delete()
    {
        await using var client = await _server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"say":"hello"}]}""");
        await client.EndOfAsync(ack);
        var rest = await _server.RestAsync(client.Guest);
        await BreakAsync(ack.ThreadId!.Value, isTaken: true);

        await rest.ProblemAsync(HttpMethod.Delete, $"/api/threads/{ack.ThreadId}", 503);
        client.Frames.All().OfType<ThreadDeleted>().Should().BeEmpty();
        await rest.JsonAsync(HttpMethod.Delete, $"/api/threads/{ack.ThreadId}", status: HttpStatusCode.NoContent);

        await client.Frames.UntilAsync<ThreadDeleted>();
    }

    [Fact]
    public async Task A_thread_that_could_not_be_made_is_not_there()
    {
        var rest = await _server.RestAsync();
        await BreakAsync(default, isTaken: false);

        await rest.ProblemAsync(HttpMethod.Post, "/api/threads", 503, """{"title":"new"}""");

        (await rest.GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(0);
        await rest.CreateAsync("new");
        (await rest.GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(1);
    }

    [Theory]
    [InlineData(true, false, "unavailable")]
    [InlineData(false, false, "not_found")]
    [InlineData(false, true, "unavailable")]
    public async Task Of_a_thread_that_cannot_be_read_only_its_owner_is_told_unless_nobody_knows_whose_it_is(bool isOwner, bool isAway, string code)
    {
        var away = false;
        await using var server = new ChatServer(services => services.Decorate<IThreadStore>((_, called, call) =>
            away && called == nameof(IThreadStore.FindAsync) ? Task.FromException<ThreadRecord?>(new LogUnavailableException("The store is away.")) : call()));
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"say":"hello"}]}""");
        await client.EndOfAsync(ack);
        await using var raw = isOwner ? await server.ConnectRawAsync(client.Guest) : await server.ConnectRawAsync();
        server.Services.GetRequiredService<Quarantine>().Add(new UnreadableThreadException(ack.ThreadId!.Value, 1, "it is missing."));
        away = isAway;

        await raw.SendAsync($$"""{"type":"stop","id":"s1","thread_id":"{{ack.ThreadId}}"}""");

        (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be(code);
    }

    /// <summary>The next append fails: another writer has the thread, or the store is away.</summary>
    private async Task BreakAsync(ThreadId thread, bool isTaken)
    {
        if (isTaken)
        {
            (await Log.OpenAsync(thread, CancellationToken.None)).Should().NotBeNull();
        }
        else
        {
            var faults = 1;
            Log.FaultOf = _ => faults-- > 0 ? AppendFault.Before : null;
        }
    }
}
