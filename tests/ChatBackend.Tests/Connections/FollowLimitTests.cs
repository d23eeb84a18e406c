using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Connections;

/// <summary>A connection follows as many threads as it may: it may follow again what it follows, and what is deleted takes no place.</summary>
public sealed class FollowLimitTests
{
    [Fact]
    public async Task At_its_limit_a_connection_may_follow_again_what_it_follows_and_nothing_else()
    {
        await using var server = new ChatServer(("Connections:MaxFollowedThreads", "2"));
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);
        var rest = await server.RestAsync(guest);
        ThreadId[] threads = [await rest.CreateAsync(), await rest.CreateAsync(), await rest.CreateAsync()];

        (await FollowAsync(raw, threads[0])).Should().Be("caught_up");
        (await FollowAsync(raw, threads[1])).Should().Be("caught_up");
        (await FollowAsync(raw, threads[0])).Should().Be("caught_up");
        (await FollowAsync(raw, threads[2])).Should().Be("quota_exceeded");
        (await FollowAsync(raw, threads[1])).Should().Be("caught_up", "a refusal costs nothing that was followed");
    }

    [Fact]
    public async Task A_followed_thread_that_is_deleted_gives_its_place_back()
    {
        await using var server = new ChatServer(("Connections:MaxFollowedThreads", "1"));
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);
        var rest = await server.RestAsync(guest);
        var (first, second) = (await rest.CreateAsync(), await rest.CreateAsync());
        (await FollowAsync(raw, first)).Should().Be("caught_up");

        (await rest.SendAsync(HttpMethod.Delete, $"/api/threads/{first}")).Dispose();
        (await raw.ReceiveAsync()).GetProperty("type").GetString().Should().Be("thread_deleted");

        (await FollowAsync(raw, second)).Should().Be("caught_up");
    }

    /// <returns>What ends the answer: <c>caught_up</c>, or the code of the error.</returns>
    private static async Task<string> FollowAsync(RawSocket raw, ThreadId thread)
    {
        await raw.SendAsync($$"""{"type":"follow","id":"f","thread_id":"{{thread}}","after_seq":0}""");
        while (true)
        {
            var frame = await raw.ReceiveAsync();
            switch (frame.GetProperty("type").GetString())
            {
                case "caught_up":
                    return "caught_up";
                case "error":
                    return frame.GetProperty("code").GetString()!;
            }
        }
    }
}
