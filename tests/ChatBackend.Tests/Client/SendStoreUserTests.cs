using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Server;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

/// <summary>What one user wrote is sent as that user or not at all, and what is refused later stays in sight.</summary>
[Trait("failure", "Q15")]
public sealed class SendStoreUserTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chat-client-");
    private ScriptedServer _scripted = null!;

    public async ValueTask InitializeAsync() => _scripted = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _scripted.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Two_users_of_one_folder_who_wrote_while_the_server_was_away_each_send_their_own()
    {
        await using var server = new ChatServer(("Threads:AutoTitle", "false"));
        var (ada, ben) = (await server.GuestAsync(), await server.GuestAsync());
        await WriteWhileAwayAsync(ada.UserId, "first by ada", "second by ada");
        await WriteWhileAwayAsync(ben.UserId, "first by ben", "second by ben");

        await SendRestoredAsync(server, ben, "first by ben", "second by ben");
        (await TextsOfAsync(server, ada)).Should().BeEmpty("ada has not been here yet");
        await SendRestoredAsync(server, await server.GuestAsync());
        await SendRestoredAsync(server, ada, "first by ada", "second by ada");

        (await TextsOfAsync(server, ben)).Should().BeEquivalentTo("first by ben", "second by ben");
        (await TextsOfAsync(server, ada)).Should().BeEquivalentTo("first by ada", "second by ada");
        await SendRestoredAsync(server, ada);
        await SendRestoredAsync(server, ben);
    }

    [Fact]
    public async Task One_store_that_two_users_connections_share_keeps_them_apart()
    {
        using (var shared = new FileSendStore(_folder.FullName))
        {
            var (ada, _) = await OpenAsync(shared, new UserId("usr_ada"));
            var (ben, _) = await OpenAsync(shared, new UserId("usr_ben"));
            Task[] open = [ada.ChatAsync("by ada"), ben.ChatAsync("by ben"), ada.ChatAsync("by ada again")];
            await EndAsync(ada);
            await EndAsync(ben);
            await Task.WhenAll(open).Invoking(all => all.Soon()).Should().ThrowAsync<ChatClosedException>();
        }

        using var later = new FileSendStore(_folder.FullName);
        (await later.LoadAsync(new UserId("usr_ben"), TestContext.Current.CancellationToken)).Should().ContainSingle().Which.Json.Should().Contain("by ben");
        (await later.LoadAsync(new UserId("usr_ada"), TestContext.Current.CancellationToken)).Should().HaveCount(2);
        (await later.LoadAsync(new UserId("USR_ADA"), TestContext.Current.CancellationToken)).Should().BeEmpty();
        (await later.LoadAsync(new UserId("../usr_ben"), TestContext.Current.CancellationToken)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_token_of_another_user_ends_the_connection_and_sends_nothing()
    {
        using var store = new FileSendStore(_folder.FullName);
        var (client, socket) = await OpenAsync(store, new UserId("usr_ada"));
        var unsent = client.ChatAsync("by ada");
        await socket.ReceiveAsync<ChatFrame>();
        socket.Cut();

        var second = await _scripted.AcceptSilentlyAsync();
        await second.SendAsync(Established() with { UserId = new UserId("usr_ben") });

        (await client.Closed.Soon()).Reason.Should().Contain("another user");
        await unsent.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>();
        await second.Invoking(closed => closed.ReceiveAsync<ClientFrame>()).Should().ThrowAsync<Exception>("no frame came");
        store.Dispose();
        using var kept = new FileSendStore(_folder.FullName);
        (await kept.LoadAsync(new UserId("usr_ada"), TestContext.Current.CancellationToken)).Should().ContainSingle();
    }

    [Fact]
    public async Task A_restored_message_that_is_refused_stays_with_its_error_until_it_is_discarded()
    {
        var user = Established().UserId;
        await WriteWhileAwayAsync(user, "for a thread that was deleted", "another one");
        using (var store = new FileSendStore(_folder.FullName))
        {
            var (client, socket) = await OpenAsync(store, user);
            await socket.SendAsync(new Error { Id = (await socket.ReceiveAsync<ChatFrame>()).Id, Code = ErrorCode.NotFound, Message = "There is no such thread." });
            await socket.SendAsync(Ack(await socket.ReceiveAsync<ChatFrame>()));
            await IsRefusedAsync(client.Restored[0]);
            await client.Restored[1].Answer.Soon();
            await client.Invoking(connection => connection.DiscardAsync(connection.Restored[1])).Should().ThrowAsync<InvalidOperationException>("it took effect");
            client.Abort();
        }

        using (var store = new FileSendStore(_folder.FullName))
        {
            var (client, socket) = await OpenAsync(store, user);
            var restored = client.Restored.Should().ContainSingle().Which;
            restored.Command.Should().BeOfType<ChatFrame>().Which.Content.Should().Be("for a thread that was deleted");
            await IsRefusedAsync(restored);
            var pinging = client.PingAsync();
            await socket.SendAsync(new Pong { Id = (await socket.ReceiveAsync<PingFrame>()).Id, ServerTime = DateTimeOffset.UnixEpoch }); // and no chat before it
            await pinging.Soon();

            await client.DiscardAsync(restored).Soon();
            client.Restored.Should().BeEmpty();
            client.Abort();
        }

        using var last = new FileSendStore(_folder.FullName);
        (await last.LoadAsync(user, TestContext.Current.CancellationToken)).Should().BeEmpty();
    }

    [Fact]
    public async Task The_guest_of_an_earlier_start_comes_back()
    {
        await using var server = new ChatServer();
        var file = Path.Combine(_folder.FullName, "guest.json");

        var first = await GuestSession.OpenAsync(server.Http, file, TestContext.Current.CancellationToken).Soon();
        var again = await GuestSession.OpenAsync(server.Http, file, TestContext.Current.CancellationToken).Soon();

        (again.UserId, again.Token, again.ExpiresAt).Should().Be((first.UserId, first.Token, first.ExpiresAt));
        await using var client = await server.ConnectAsync(again);
        client.Connection.Established.UserId.Should().Be(first.UserId);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, "it holds a token");
        }
    }

    private static async Task IsRefusedAsync(RestoredSend restored)
    {
        var refused = (await restored.Answer.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which;
        (refused.Code, refused.Message).Should().Be((ErrorCode.NotFound, "NotFound: There is no such thread."));
    }

    private async Task<(ChatConnection Client, ScriptedSocket Socket)> OpenAsync(ISendStore store, UserId user)
    {
        var connecting = _scripted.ConnectAsync(options => options with { SendStore = store });
        var socket = await _scripted.AcceptSilentlyAsync();
        await socket.SendAsync(Established() with { UserId = user });
        return (await connecting.Soon(), socket);
    }

    /// <summary>As a program that is closed while its server is away.</summary>
    private async Task WriteWhileAwayAsync(UserId user, params string[] texts)
    {
        using var store = new FileSendStore(_folder.FullName);
        var (client, socket) = await OpenAsync(store, user);
        socket.Cut();
        await _scripted.AcceptSilentlyAsync(); // the next one is never established
        Task[] open = [.. texts.Select(text => client.ChatAsync(text))];
        await EndAsync(client);
        await Task.WhenAll(open).Invoking(all => all.Soon()).Should().ThrowAsync<ChatClosedException>();
    }

    private async Task SendRestoredAsync(ChatServer server, GuestSession guest, params string[] expected)
    {
        using var store = new FileSendStore(_folder.FullName);
        await using var client = await server.ConnectAsync(guest, options => options with { SendStore = store });
        client.Connection.Restored.Select(restored => ((ChatFrame)restored.Command).Content).Should().Equal(expected);
        foreach (var restored in client.Connection.Restored)
        {
            await restored.Answer.Soon();
        }
    }

    /// <summary>What stands in the user's threads as written by a person.</summary>
    private static async Task<List<string>> TextsOfAsync(ChatServer server, GuestSession guest)
    {
        var rest = await server.RestAsync(guest);
        var texts = new List<string>();
        foreach (var thread in (await rest.GetAsync("/api/threads")).GetProperty("threads").EnumerateArray())
        {
            var page = await rest.GetAsync($"/api/threads/{thread.GetProperty("thread_id").GetString()}/events");
            texts.AddRange(page.GetProperty("events").EnumerateArray().Where(e => e.GetProperty("type").GetString() == "user_message").Select(e => e.GetProperty("content").GetString()!));
        }

        return texts;
    }

    /// <summary>As a program that ends; what it was told to keep is kept.</summary>
    private static async Task EndAsync(ChatConnection client)
    {
        client.Abort();
        await client.CloseAsync().Soon();
    }
}
