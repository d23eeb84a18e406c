using System.Net;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Rest;

/// <summary>Threads made and renamed over HTTP are the same threads as on the WebSocket.</summary>
public sealed class ThreadChangeTests
{
    [Fact]
    public async Task A_thread_that_is_made_here_is_talked_to_there()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);

        using var response = await rest.SendAsync(HttpMethod.Post, "/api/threads");
        response.StatusCode.Should().Be(HttpStatusCode.Created);
        var thread = new ThreadId(response.Headers.Location!.OriginalString["/api/threads/".Length..]);
        (await rest.GetAsync(response.Headers.Location.OriginalString)).GetProperty("head").GetInt64().Should().Be(0);

        await client.Connection.FollowAsync(thread).Soon();
        var ack = await client.PlayAsync("""{"steps":[{"say":"hello"}]}""", thread);
        await client.EndOfAsync(ack);
        ack.Seq.Should().Be(1);
    }

    [Fact]
    public async Task A_new_name_is_an_event_that_every_follower_sees()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var thread = await rest.CreateAsync("  Before  ");
        await client.Connection.FollowAsync(thread).Soon();

        var changed = await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", """{"title":" Größe 🕤 "}""");
        await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", """{"title":"Größe 🕤"}""");

        changed.GetProperty("title").GetString().Should().Be("Größe 🕤");
        var renamed = await client.Frames.UntilAsync<ThreadRenamed>(threadEvent => threadEvent.Seq == 2);
        renamed.Title.Should().Be("Größe 🕤");
        renamed.By.Should().Be(RenamedBy.User);
        (await rest.GetAsync($"/api/threads/{thread}")).GetProperty("head").GetInt64().Should().Be(2, "the same name again is not an event");
        (await rest.GetAsync($"/api/threads/{thread}/events")).GetProperty("events")[0].GetProperty("title").GetString().Should().Be("Before");
    }

    [Theory]
    [InlineData("""{"title":""}""")]
    [InlineData("""{"title":"   "}""")]
    [InlineData("""{"title":null}""")]
    [InlineData("""{"title":5}""")]
    [InlineData("""{"title":"\ud800"}""")]
    [InlineData("""{"title":"a","title":"b"}""")]
    [InlineData("""{"archived":"true"}""")]
    [InlineData("""{"archived":null}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    public async Task A_change_that_says_nothing_is_refused_and_nothing_happens(string body)
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        var thread = await rest.CreateAsync("Name");

        await rest.ProblemAsync(HttpMethod.Patch, $"/api/threads/{thread}", 400, body);

        (await rest.GetAsync($"/api/threads/{thread}")).GetProperty("title").GetString().Should().Be("Name");
    }

    [Fact]
    public async Task A_title_has_at_most_200_characters_and_a_body_64_KiB()
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        var thread = await rest.CreateAsync(new string('x', 200));

        await rest.ProblemAsync(HttpMethod.Patch, $"/api/threads/{thread}", 400, $$"""{"title":"{{new string('x', 201)}}"}""");
        await rest.ProblemAsync(HttpMethod.Patch, $"/api/threads/{thread}", 413, $$"""{"title":"{{new string('x', 70_000)}}"}""");
    }
}
