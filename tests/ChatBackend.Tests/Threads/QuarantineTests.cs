using System.Net;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Threads;

/// <summary>A thread that cannot be read: its owner is told so on every verb, the operator once, and no other user notices.</summary>
[Trait("failure", "Q1")]
public sealed class QuarantineTests : IDisposable
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");
    private readonly LogLines _lines = new(typeof(Quarantine).FullName!);

    public static TheoryData<string> Damages =>
    [
        "DELETE FROM events WHERE seq = 1",
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events WHERE seq = 3",
        "UPDATE threads SET head = head + 1",
        "UPDATE events SET json = CAST('{\"type\":\"user_mess' AS BLOB) WHERE seq = 1",
        "UPDATE events SET json = CAST(replace(CAST(json AS TEXT), 'agent_started', 'agent_dreamt') AS BLOB) WHERE seq = 2",
        "UPDATE events SET json = X'FF' WHERE seq = 3",
        "UPDATE events SET json = X'01000200001B7B7B7B7B' WHERE seq = 3",
        "UPDATE events SET json = X'01FFFFFF7F00' WHERE seq = 1",
    ];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task What_is_open_in_it_is_not_recovered_and_its_owner_hears_unavailable_on_every_verb(string damage)
    {
        var (guest, broken, whole) = await DamagedAsync(damage, "UPDATE threads SET open_from = 1");
        await using var server = Server();
        await using var raw = await server.ConnectRawAsync(guest);
        var rest = await server.RestAsync(guest);

        foreach (var frame in Verbs(broken))
        {
            await raw.SendAsync(frame);
            var refused = await raw.ReceiveAsync();
            (refused.GetProperty("type").GetString(), refused.GetProperty("code").GetString()).Should().Be(("error", "unavailable"), frame);
        }

        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{broken}/events", 503);
        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{broken}/export", 503);
        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{broken}/export?format=markdown", 503);
        await rest.ProblemAsync(HttpMethod.Patch, $"/api/threads/{broken}", 503, """{"title":"mine"}""");
        await AssertOthersAsync(server, guest, broken, whole);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task What_is_broken_far_back_shows_when_it_is_read(string damage)
    {
        var (guest, broken, whole) = await DamagedAsync(damage);
        await using var server = Server();
        var rest = await server.RestAsync(guest);

        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{broken}/export", 503);
        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{broken}/events", 503);
        await AssertOthersAsync(server, guest, broken, whole);
        using var ready = await server.Http.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
        ready.StatusCode.Should().Be(HttpStatusCode.OK);
        (await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("Degraded\nthreads that cannot be read: 1");
    }

    [Fact]
    public async Task A_stranger_is_told_that_there_is_no_such_thread()
    {
        var (_, broken, _) = await DamagedAsync("DELETE FROM events WHERE seq = 2", "UPDATE threads SET open_from = 1");
        await using var server = Server();
        await using var raw = await server.ConnectRawAsync();

        foreach (var frame in Verbs(broken))
        {
            await raw.SendAsync(frame);
            (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("not_found", frame);
        }
    }

    [Fact]
    public async Task Its_owner_can_delete_it()
    {
        var (guest, broken, _) = await DamagedAsync("DELETE FROM events WHERE seq = 2", "UPDATE threads SET open_from = 1");
        await using var server = Server();
        var rest = await server.RestAsync(guest);
        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{broken}/events", 503);
        await (await server.RestAsync()).ProblemAsync(HttpMethod.Delete, $"/api/threads/{broken}", 404);

        await rest.JsonAsync(HttpMethod.Delete, $"/api/threads/{broken}", status: HttpStatusCode.NoContent);

        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{broken}", 404);
        (await server.GaugeAsync("chat_threads_quarantined")).Should().Be(0);
    }

    [Theory]
    [InlineData("DELETE FROM events WHERE seq = 2")]
    [InlineData("UPDATE events SET json = X'FF' WHERE seq = 2")]
    public async Task Who_catches_up_over_it_hears_unavailable_once_and_goes_on_in_other_threads(string damage)
    {
        var (guest, broken, whole) = await DamagedAsync(damage);
        await using var server = Server();
        await using var raw = await server.ConnectRawAsync(guest);
        await raw.SendAsync($$"""{"type":"follow","id":"f1","thread_id":"{{broken}}","after_seq":0}""");
        var told = await NextOfAsync(raw, "error");
        await raw.SendAsync($$"""{"type":"follow","id":"f2","thread_id":"{{whole}}","after_seq":0}""");
        var next = await NextOfAsync(raw, "caught_up", "error");

        (told.GetProperty("code").GetString(), told.GetProperty("thread_id").GetString()).Should().Be(("unavailable", broken.Value));
        (next.GetProperty("type").GetString(), next.GetProperty("thread_id").GetString()).Should().Be(("caught_up", whole.Value));
    }

    [Fact]
    public async Task Once_it_was_repaired_it_is_served_again_with_all_that_was_acknowledged()
    {
        var (guest, broken, _) = await DamagedAsync("UPDATE events SET seq = 77 WHERE seq = 2", "UPDATE threads SET open_from = 1");
        await using var server = Server();
        await using var client = await server.ConnectAsync(guest);
        (await TestClient.RefusalOfAsync(() => client.Connection.FollowAsync(broken, 0).Soon())).Should().Be(ErrorCode.Unavailable);

        await RunAsync("UPDATE events SET seq = 2 WHERE seq = 77", "UPDATE threads SET open_from = NULL");
        server.Clock.Elapsed += Quarantine.Pause;

        await client.Connection.FollowAsync(broken, 0).Soon();
        await client.Frames.UntilAsync<CaughtUp>();
        client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(1, 2, 3);
        (await client.EndOfAsync(await client.PlayAsync(Hello, broken))).Should().BeOfType<AgentCompleted>();
        (await server.GaugeAsync("chat_threads_quarantined")).Should().Be(0);
    }

    public void Dispose()
    {
        _lines.Dispose();
        _data.Delete(recursive: true);
    }

    private static async Task<JsonElement> NextOfAsync(RawSocket raw, params string[] types)
    {
        while (true)
        {
            var frame = await raw.ReceiveAsync();
            if (types.Contains(frame.GetProperty("type").GetString()))
            {
                return frame;
            }
        }
    }

    private static string[] Verbs(ThreadId thread) =>
    [
        $$"""{"type":"chat","id":"v1","thread_id":"{{thread}}","content":"hello"}""",
        $$"""{"type":"follow","id":"v2","thread_id":"{{thread}}","after_seq":0}""",
        $$"""{"type":"stop","id":"v3","thread_id":"{{thread}}"}""",
        $$"""{"type":"decide","id":"v4","thread_id":"{{thread}}","call_id":"call_1","arguments_digest":"sha256:1","decision":"approve"}""",
    ];

    private async Task AssertOthersAsync(ChatServer server, GuestSession guest, ThreadId broken, ThreadId whole)
    {
        await using var client = await server.ConnectAsync(guest);
        (await client.EndOfAsync(await client.PlayAsync(Hello, whole))).Should().BeOfType<AgentCompleted>();
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Error").And.Contain(broken.Value);
        (await server.GaugeAsync("chat_threads_quarantined")).Should().Be(1);
    }

    // The server's log takes no further provider.
    private ChatServer Server() => new(
        _data, services => services.AddSingleton<ILogger<Quarantine>>(new Logger<Quarantine>(LoggerFactory.Create(logging => logging.AddProvider(_lines)))));

    /// <summary>Two threads with three events each, one of which is then damaged.</summary>
    private async Task<(GuestSession Guest, ThreadId Broken, ThreadId Whole)> DamagedAsync(params string[] damages)
    {
        await using var server = new ChatServer(_data);
        await using var client = await server.ConnectAsync();
        var threads = new List<ThreadId>();
        for (var i = 0; i < 2; i++)
        {
            var ack = await client.PlayAsync(Hello);
            await client.EndOfAsync(ack);
            threads.Add(ack.ThreadId!.Value);
        }

        await server.DisposeAsync();
        await RunAsync([.. damages.Select(damage => damage.Contains("threads", StringComparison.Ordinal)
            ? $"{damage} WHERE id = '{threads[0]}'"
            : $"{damage} AND thread_key = (SELECT key FROM threads WHERE id = '{threads[0]}')")]);
        return (client.Guest, threads[0], threads[1]);
    }

    private async Task RunAsync(params string[] statements)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(_data.FullName, "chat.db")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        foreach (var statement in statements)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = statement;
            (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).Should().BePositive(statement);
        }
    }
}
