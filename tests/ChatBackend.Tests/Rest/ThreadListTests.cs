using System.Net;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Rest;

/// <summary>A user's threads, in pages.</summary>
public sealed class ThreadListTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    [Fact]
    public async Task A_thread_is_listed_with_all_that_is_known_of_it()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var ack = await client.PlayAsync("""{"steps":[{"say":"hello"},{"wait_ms":600000}]}""");

        var thread = (await rest.GetAsync("/api/threads")).GetProperty("threads").EnumerateArray().Should().ContainSingle().Which;

        thread.EnumerateObject().Select(member => member.Name).Should()
            .Equal("thread_id", "archived", "created_at", "updated_at", "head", "running", "needs_approval", "unread", "agent", "history_begins_at");
        thread.GetProperty("thread_id").GetString().Should().Be(ack.ThreadId!.Value.Value);
        thread.GetProperty("running").GetBoolean().Should().BeTrue();
        thread.GetProperty("head").GetInt64().Should().Be(2);
        thread.GetProperty("created_at").GetString().Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();
        await client.EndOfAsync(ack);
        (await rest.GetAsync($"/api/threads/{ack.ThreadId}")).GetProperty("running").GetBoolean().Should().BeFalse();
    }

    [Fact]
    [Trait("failure", "P11")]
    public async Task Pages_give_each_thread_once_newest_activity_first_whatever_happens_between_them()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var threads = new List<ThreadId>();
        for (var i = 0; i < 25; i++)
        {
            server.Clock.Shift += TimeSpan.FromSeconds(1);
            threads.Add(await rest.CreateAsync($"Thread {i}"));
        }

        var pages = await rest.PagesAsync("/api/threads?limit=10", async page =>
        {
            server.Clock.Shift += TimeSpan.FromSeconds(1);
            if (page == 1)
            {
                // One of a page to come, one of a page that was given, a new one, and one that goes.
                await client.EndOfAsync(await client.PlayAsync(Hello, threads[1]));
                await client.EndOfAsync(await client.PlayAsync(Hello, threads[24]));
                await rest.CreateAsync("New");
                await rest.JsonAsync(HttpMethod.Delete, $"/api/threads/{threads[2]}", status: HttpStatusCode.NoContent);
            }
        });

        pages.Should().HaveCount(3);
        pages.SelectMany(Ids).Should().Equal(Enumerable.Range(0, 25).Reverse().Where(i => i != 2).Select(i => threads[i].Value));
        Ids(await rest.GetAsync("/api/threads?limit=3")).Skip(1).Should().Equal(threads[24].Value, threads[1].Value);
    }

    [Fact]
    [Trait("failure", "P6")]
    public async Task Nobody_sees_anothers_threads_or_uses_anothers_cursor()
    {
        await using var server = new ChatServer();
        var (one, two) = (await server.RestAsync(), await server.RestAsync());
        var mine = await one.CreateAsync("Mine");
        await one.CreateAsync("Mine too");

        (await two.GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(0);
        var cursor = (await one.GetAsync("/api/threads?limit=1")).GetProperty("next_cursor").GetString()!;
        await two.ProblemAsync(HttpMethod.Get, $"/api/threads?limit=1&cursor={cursor}", 400);
        foreach (var (method, path, body) in new[]
        {
            (HttpMethod.Get, "", null),
            (HttpMethod.Get, "/events", null),
            (HttpMethod.Get, "/export", null),
            (HttpMethod.Patch, "", """{"title":"Theirs"}"""),
            (HttpMethod.Patch, "", """{"archived":true}"""),
            (HttpMethod.Delete, "", null),
        })
        {
            var problem = await two.ProblemAsync(method, $"/api/threads/{mine}{path}", 404, body);
            problem.GetProperty("code").GetString().Should().Be("not_found");
            await two.ProblemAsync(method, $"/api/threads/{ThreadId.New()}{path}", 404, body);
        }

        (await one.GetAsync($"/api/threads/{mine}")).GetProperty("title").GetString().Should().Be("Mine");
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=201")]
    [InlineData("limit=-1")]
    [InlineData("limit=ten")]
    [InlineData("limit=%207")]
    [InlineData("limit=%2B7")]
    [InlineData("limit=1&limit=2")]
    [InlineData("archived=TRUE")]
    [InlineData("archived=")]
    [InlineData("archived=yes")]
    [InlineData("cursor=")]
    [InlineData("cursor=%00")]
    [InlineData("cursor=AAAA")]
    [InlineData("limit=")]
    public async Task What_cannot_be_asked_is_said(string query)
    {
        await using var server = new ChatServer();

        var problem = await (await server.RestAsync()).ProblemAsync(HttpMethod.Get, $"/api/threads?{query}", 400);

        problem.GetProperty("detail").GetString().Should().Contain(query[..query.IndexOf('=', StringComparison.Ordinal)]);
    }

    [Fact]
    public async Task Archived_threads_are_a_list_of_their_own()
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        var (kept, put) = (await rest.CreateAsync("Kept"), await rest.CreateAsync("Put away"));

        (await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{put}", """{"archived":true}""")).GetProperty("archived").GetBoolean().Should().BeTrue();

        Ids(await rest.GetAsync("/api/threads")).Should().Equal(kept.Value);
        Ids(await rest.GetAsync("/api/threads?archived=true")).Should().Equal(put.Value);
        await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{put}", """{"archived":false}""");
        Ids(await rest.GetAsync("/api/threads?archived=true")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_search_is_in_pages_and_finds_all_words_only_in_own_threads()
    {
        await using var server = new ChatServer(("Threads:AutoTitle", "true"));
        await using var client = await server.ConnectAsync();
        await using var other = await server.ConnectAsync();
        await other.EndOfAsync(await other.PlayAsync("""{"steps":[{"say":"the white whale of the other"}]}"""));
        Ack? last = null;
        for (var i = 0; i < 5; i++)
        {
            last = await client.PlayAsync($$"""{"steps":[{"say":"white whale {{i}}"}]}""", last?.ThreadId);
            await client.EndOfAsync(last);
        }

        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"a white horse"}]}"""));
        var rest = await server.RestAsync(client.Guest);
        await server.CatchUpSearchAsync();

        var hits = (await rest.PagesAsync("/api/threads?query=WHALE%20white&limit=3")).SelectMany(page => page.GetProperty("hits").EnumerateArray()).ToList();

        hits.Should().HaveCount(10, "each message and each answer holds the words");
        hits.Select(hit => hit.GetProperty("seq").GetInt64()).Should().OnlyHaveUniqueItems();
        hits[0].EnumerateObject().Select(member => member.Name).Should().Equal("thread_id", "title", "seq", "at", "excerpt", "highlights");
        hits[0].GetProperty("thread_id").GetString().Should().Be(last!.ThreadId!.Value.Value);
        hits[0].GetProperty("excerpt").GetString().Should().Be("white whale 4", "the words alone come before the words among others, and the newest first");
        hits[0].GetProperty("highlights").GetRawText().Should().Be("""[{"start":0,"length":5},{"start":6,"length":5}]""");
    }

    [Theory]
    [Trait("failure", "P6")]
    [InlineData("%22")]
    [InlineData("whale%22%20OR%20%22white")]
    [InlineData("whale*")]
    [InlineData("owner_token%3Ax")]
    [InlineData("NEAR(a%20b)")]
    [InlineData("%00")]
    [InlineData("'%3B%20DROP%20TABLE%20threads%3B--")]
    [InlineData("-")]
    [InlineData("")]
    public async Task What_people_type_never_breaks_a_search(string query)
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        await rest.CreateAsync("A thread");

        (await rest.GetAsync($"/api/threads?query={query}")).GetProperty("hits").GetArrayLength().Should().Be(0);
        (await rest.GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(1);
    }

    private static IEnumerable<string> Ids(JsonElement page) =>
        page.GetProperty("threads").EnumerateArray().Select(thread => thread.GetProperty("thread_id").GetString()!);
}
