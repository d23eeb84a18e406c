using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Maintenance;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Threads;

/// <summary>What is too old goes, in whole exchanges, and no cursor breaks in silence.</summary>
public sealed class RetentionTests
{
    private static readonly (string, string)[] Settings = [("Threads:RetainDays", "7"), ("Guests:TokenLifetime", "365.00:00:00"), ("Threads:AutoTitle", "false")];

    [Fact]
    public async Task Old_exchanges_go_and_a_cursor_before_them_is_told_where_history_begins()
    {
        await using var server = new ChatServer(Settings);
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var thread = (await WriteTextAsync(client, "ancient words", null)).ThreadId!.Value;
        await WriteTextAsync(client, "older words", thread);
        server.Clock.Shift += TimeSpan.FromDays(8);
        var young = await WriteTextAsync(client, "young words", thread);

        (await TrimAsync(server)).Should().Be(1);
        (await TrimAsync(server)).Should().Be(0, "there is nothing more to do");

        var begins = young.Seq!.Value;
        begins.Should().Be(7);
        await using var raw = await server.ConnectRawAsync(client.Guest);
        foreach (var cursor in new[] { 0, begins - 2 })
        {
            await raw.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{thread}}","after_seq":{{cursor}}}""");
            var refused = await raw.ReceiveAsync();
            (refused.GetProperty("type").GetString(), refused.GetProperty("code").GetString()).Should().Be(("error", "expired"));
            refused.GetProperty("history_begins_at").GetInt64().Should().Be(begins);
            var problem = await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{thread}/events?after_seq={cursor}", 410);
            problem.GetProperty("history_begins_at").GetInt64().Should().Be(begins);
        }

        await using var late = await server.ConnectAsync(client.Guest);
        await late.Connection.FollowAsync(thread, begins - 1).Soon();
        await late.Frames.UntilAsync<AgentCompleted>();
        late.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(7, 8, 9);
        (await rest.GetAsync($"/api/threads/{thread}")).GetProperty("history_begins_at").GetInt64().Should().Be(begins);
        await server.CatchUpSearchAsync();
        (await rest.GetAsync("/api/threads?query=words")).GetProperty("hits").GetArrayLength().Should().Be(2);
        (await rest.GetAsync($"/api/threads/{thread}/export")).GetProperty("events").GetArrayLength().Should().Be(3);
    }

    [Fact]
    public async Task What_is_open_stays_however_old_it_is()
    {
        await using var server = new ChatServer([.. Settings, ("Runs:Timeout", "1.00:00:00")]);
        await using var client = await server.ConnectAsync();
        var first = await WriteTextAsync(client, "done", null);
        var open = await client.PlayAsync("""{"steps":[{"wait_ms":80000000}]}""", first.ThreadId);
        var queued = await client.PlayAsync("""{"steps":[{"say":"next"}]}""", first.ThreadId);
        server.Clock.Shift += TimeSpan.FromDays(30);

        await TrimAsync(server);

        var rest = await server.RestAsync(client.Guest);
        (await rest.GetAsync($"/api/threads/{first.ThreadId}")).GetProperty("history_begins_at").GetInt64().Should().Be(open.Seq!.Value);
        await client.Connection.StopAsync(first.ThreadId!.Value).Soon();
        await client.Frames.UntilAsync<AgentCompleted>(threadEvent => threadEvent.Content == "next");
        queued.Seq.Should().BeGreaterThan(open.Seq.Value);
    }

    [Fact]
    public async Task A_thread_of_which_all_went_goes_on()
    {
        await using var server = new ChatServer(Settings);
        await using var client = await server.ConnectAsync();
        var first = await WriteTextAsync(client, "all old", null);
        server.Clock.Shift += TimeSpan.FromDays(8);
        await TrimAsync(server);

        var next = await WriteTextAsync(client, "new", first.ThreadId);

        next.Seq.Should().Be(4);
        await using var late = await server.ConnectAsync(client.Guest);
        await late.Connection.FollowAsync(first.ThreadId!.Value, 3).Soon();
        await late.Frames.UntilAsync<AgentCompleted>();
    }

    private static Task<int> TrimAsync(ChatServer server) => server.Services.GetRequiredService<Retention>().TrimAsync(TestContext.Current.CancellationToken).Soon();

    private static async Task<Ack> WriteTextAsync(TestClient client, string text, ThreadId? thread)
    {
        var ack = await client.PlayAsync($$"""{"steps":[{"say":"{{text}}"}]}""", thread);
        await client.EndOfAsync(ack);
        return ack;
    }
}
