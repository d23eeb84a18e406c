using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Rest;

/// <summary>A thread's events in pages and as a download.</summary>
public sealed class HistoryTests
{
    [Fact]
    [Trait("failure", "P11")]
    public async Task Pages_give_every_event_once_exactly_as_on_the_wire()
    {
        await using var server = new ChatServer();
        await using var raw = await server.ConnectRawAsync(await server.GuestAsync());
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var ack = await client.PlayAsync("""{"steps":[{"think":"hm"},{"say":"a 🕤"},{"tool":"t","result":"r"},{"say":"b"}]}""");
        await client.EndOfAsync(ack);
        var wire = client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => JsonDocument.Parse(WireJson.Encode(threadEvent)).RootElement.GetRawText()).ToList();

        var (read, after) = (new List<string>(), (long?)0);
        while (after is { } cursor)
        {
            var page = await rest.GetAsync($"/api/threads/{ack.ThreadId}/events?after_seq={cursor}&limit=3");
            read.AddRange(page.GetProperty("events").EnumerateArray().Select(threadEvent => threadEvent.GetRawText()));
            page.GetProperty("events").GetArrayLength().Should().BeLessThanOrEqualTo(3);
            after = page.TryGetProperty("next_after_seq", out var next) ? next.GetInt64() : null;
        }

        read.Should().StartWith(wire).And.HaveCountGreaterThan(5);
        read.Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("after_seq=-1")]
    [InlineData("after_seq=x")]
    [InlineData("after_seq=%2B1")]
    [InlineData("after_seq=9223372036854775808")]
    [InlineData("after_at=yesterday")]
    [InlineData("limit=1001")]
    public async Task A_page_that_cannot_be_is_said(string query)
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();

        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{await rest.CreateAsync()}/events?{query}", 400);
    }

    [Fact]
    public async Task An_export_holds_the_whole_thread_and_says_what_was_replaced()
    {
        await using var server = new ChatServer(("Threads:AutoTitle", "false"));
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var thread = await rest.CreateAsync("<b>T</b>");
        var first = await client.PlayAsync("""{"steps":[{"say":"wrong answer"}]}""", thread);
        await client.EndOfAsync(first);
        var second = await client.Connection.ChatAsync(
            """{"steps":[{"say":"right <script>alert(1)</script> ![x](https://evil.example/x.png)"},{"tool":"clock","result":"r"}]}""", thread, "script", replaces: first.MessageId).Soon();
        await client.EndOfAsync(second);

        var json = await rest.GetAsync($"/api/threads/{thread}/export");
        json.GetProperty("title").GetString().Should().Be("<b>T</b>");
        json.GetProperty("events").EnumerateArray().Select(threadEvent => threadEvent.GetProperty("seq").GetInt64())
            .Should().Equal(Enumerable.Range(1, (int)json.GetProperty("head").GetInt64()).Select(seq => (long)seq));
        var span = json.GetProperty("replaced").EnumerateArray().Should().ContainSingle().Which;
        span.GetProperty("after_seq").GetInt64().Should().Be(first.Seq - 1);

        using var response = await rest.SendAsync(HttpMethod.Get, $"/api/threads/{thread}/export?format=markdown");
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/markdown");
        response.Content.Headers.ContentDisposition!.ToString().Should().Be($"attachment; filename=\"{thread}.md\"");
        var markdown = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        markdown.Should().StartWith("# &lt;b>T").And.Contain("right &lt;script>").And.Contain("> Tool clock: Succeeded").And.NotContain("wrong answer")
            .And.NotContain("<").And.NotContain("![x](");
    }

    [Fact]
    public async Task A_long_thread_is_exported_whole()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        Ack? ack = null;
        for (var i = 0; i < 8; i++)
        {
            ack = await client.PlayAsync($$"""{"steps":[{"say":"{{i}} {{new string('ä', 60_000)}}"}]}""", ack?.ThreadId);
            await client.EndOfAsync(ack);
        }

        var json = await rest.GetAsync($"/api/threads/{ack!.ThreadId}/export?format=json");

        json.GetProperty("events").GetArrayLength().Should().Be((int)json.GetProperty("head").GetInt64());
        await rest.ProblemAsync(HttpMethod.Get, $"/api/threads/{ack.ThreadId}/export?format=pdf", 400);
    }
}
