using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>A cursor names an event: one of another history is told so, on the socket and by REST, and never continued.</summary>
[Trait("failure", "Q17")]
public sealed class StaleCursorTests : IAsyncLifetime
{
    private readonly ChatServer _server = new(("Threads:AutoTitle", "false"));
    private GuestSession _guest = null!;
    private ThreadId _thread;
    private List<ThreadEvent> _events = [];

    public async ValueTask InitializeAsync()
    {
        await using var client = await _server.ConnectAsync();
        _guest = client.Guest;
        var ack = await client.PlayAsync("""{"steps":[{"say":"one"},{"tool":"t","result":1},{"say":"two"}]}""");
        await client.EndOfAsync(ack);
        _thread = ack.ThreadId!.Value;
        _events = [.. client.Frames.All().OfType<ThreadEvent>()];
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_event_of_this_history_is_gone_on_from()
    {
        foreach (var threadEvent in _events)
        {
            var answer = await FollowAsync($"\"after_seq\":{threadEvent.Seq},\"after_at\":{AtOf(threadEvent)}");

            answer.Take(answer.Count - 1).Select(frame => frame.GetProperty("seq").GetInt64())
                .Should().Equal(_events.Where(other => other.Seq > threadEvent.Seq).Select(other => other.Seq));
            answer[^1].GetProperty("type").GetString().Should().Be("caught_up");
            (await PageAsync($"after_seq={threadEvent.Seq}&after_at={threadEvent.At:yyyy-MM-ddTHH:mm:ss.fffZ}")).GetArrayLength().Should().Be(answer.Count - 1);
        }
    }

    [Fact]
    public async Task An_event_that_has_its_place_and_another_time_is_of_another_history()
    {
        foreach (var threadEvent in _events)
        {
            foreach (var shift in new[] { -1, 1, 86_400_000 })
            {
                var other = threadEvent.At.AddMilliseconds(shift);
                await IsStaleAsync($"\"after_seq\":{threadEvent.Seq},\"after_at\":\"{other:yyyy-MM-ddTHH:mm:ss.fffZ}\"");
                await IsStalePageAsync($"after_seq={threadEvent.Seq}&after_at={other:yyyy-MM-ddTHH:mm:ss.fffZ}");
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-23T09:30:00.000Z")]
    public async Task A_number_beyond_the_last_event_is_of_another_history_with_or_without_a_time(string at)
    {
        foreach (var seq in new[] { _events[^1].Seq + 1, 1_000_000, long.MaxValue })
        {
            await IsStaleAsync($"\"after_seq\":{seq}{(at.Length > 0 ? $",\"after_at\":\"{at}\"" : "")}");
            await IsStalePageAsync($"after_seq={seq}{(at.Length > 0 ? $"&after_at={at}" : "")}");
        }
    }

    [Fact]
    public async Task At_the_beginning_there_is_no_event_to_compare()
    {
        (await FollowAsync("\"after_seq\":0,\"after_at\":\"2020-01-01T00:00:00.000Z\"")).Should().HaveCount(_events.Count + 1);
        (await PageAsync("after_at=2020-01-01T00:00:00.000Z")).GetArrayLength().Should().Be(_events.Count);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("\"\"")]
    [InlineData("\"yesterday\"")]
    [InlineData("{}")]
    public async Task A_time_that_is_none_makes_no_frame(string at)
    {
        await using var raw = await _server.ConnectRawAsync(_guest);
        await raw.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{_thread}}","after_seq":1,"after_at":{{at}}}""");

        (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("invalid_frame");
        await (await _server.RestAsync(_guest)).ProblemAsync(HttpMethod.Get, $"/api/threads/{_thread}/events?after_seq=1&after_at={Uri.EscapeDataString(at)}", 400);
    }

    [Fact]
    public async Task A_thread_that_was_followed_and_is_followed_from_a_stale_cursor_is_followed_no_more()
    {
        await using var raw = await _server.ConnectRawAsync(_guest);
        await raw.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{_thread}}","after_seq":{{_events[^1].Seq}}}""");
        (await raw.ReceiveAsync()).GetProperty("type").GetString().Should().Be("caught_up");
        await raw.SendAsync($$"""{"type":"follow","id":"g","thread_id":"{{_thread}}","after_seq":99}""");
        (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("stale_cursor");
        await raw.SendAsync($$"""{"type":"unfollow","id":"u","thread_id":"{{_thread}}"}""");

        (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("not_found");
    }

    [Fact]
    public async Task The_log_is_named_on_connecting_on_catching_up_and_with_every_page()
    {
        await using var client = await _server.ConnectAsync(_guest);
        await client.Connection.FollowAsync(_thread).Soon();
        var page = await (await _server.RestAsync(_guest)).GetAsync($"/api/threads/{_thread}/events");

        client.Connection.Established.LogId.Should().NotBeNullOrEmpty().And.Be(client.Frames.All().OfType<CaughtUp>().Single().LogId)
            .And.Be(page.GetProperty("log_id").GetString());
    }

    private async Task IsStaleAsync(string cursor)
    {
        var refused = (await FollowAsync(cursor)).Should().ContainSingle().Which;
        (refused.GetProperty("type").GetString(), refused.GetProperty("code").GetString(), refused.GetProperty("history_begins_at").GetInt64())
            .Should().Be(("error", "stale_cursor", 1), cursor);
    }

    private async Task IsStalePageAsync(string cursor)
    {
        var problem = await (await _server.RestAsync(_guest)).ProblemAsync(HttpMethod.Get, $"/api/threads/{_thread}/events?{cursor}", 409);
        (problem.GetProperty("code").GetString(), problem.GetProperty("history_begins_at").GetInt64()).Should().Be(("stale_cursor", 1), cursor);
    }

    /// <summary>What a new connection that follows gets, up to the answer's end.</summary>
    private async Task<List<JsonElement>> FollowAsync(string cursor)
    {
        await using var raw = await _server.ConnectRawAsync(_guest);
        await raw.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{_thread}}",{{cursor}}}""");
        var frames = new List<JsonElement>();
        do
        {
            frames.Add(await raw.ReceiveAsync());
        }
        while (frames[^1].GetProperty("type").GetString() is not ("caught_up" or "error"));

        return frames;
    }

    private async Task<JsonElement> PageAsync(string query) =>
        (await (await _server.RestAsync(_guest)).GetAsync($"/api/threads/{_thread}/events?{query}")).GetProperty("events");

    private static string AtOf(ThreadEvent threadEvent) => JsonDocument.Parse(WireJson.Encode(threadEvent)).RootElement.GetProperty("at").GetRawText();
}
