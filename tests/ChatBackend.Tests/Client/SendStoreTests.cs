using ChatBackend.Client;
using ChatBackend.Protocol;
using static ChatBackend.Tests.Client.Samples;

namespace ChatBackend.Tests.Client;

public sealed class SendStoreTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-client-");
    private ScriptedServer _server = null!;

    private static readonly UserId User = Samples.Established().UserId;

    private string Folder => Path.Combine(_directory.FullName, "waiting");

    private string File => Directory.GetFiles(Folder).Single();

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    [Trait("failure", "P4")]
    [Trait("failure", "E11")]
    public async Task What_was_never_answered_is_sent_again_after_a_restart_in_order_and_word_for_word()
    {
        var sent = new List<ClientCommand>();
        using (var store = new FileSendStore(Folder))
        {
            var (client, socket) = await _server.OpenAsync(With(store));
            var answered = client.ChatAsync("answered");
            await socket.SendAsync(Ack(await socket.ReceiveAsync<ChatFrame>()));
            await answered.Soon();
            Task[] open =
            [
                client.ChatAsync("zwei 世\n界", TheThread, whenRunning: WhenRunning.Steer), client.StopAsync(TheThread, message: Question), client.ChatAsync("drei"),
            ];
            sent.Add(await socket.ReceiveAsync<ChatFrame>());
            sent.Add(await socket.ReceiveAsync<StopFrame>());
            sent.Add(await socket.ReceiveAsync<ChatFrame>());
            client.Abort();
            foreach (var waiting in open)
            {
                await waiting.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>();
            }
        }

        using var restarted = new FileSendStore(Folder);
        var (again, second) = await _server.OpenAsync(With(restarted));
        var news = again.ChatAsync("vier", TheThread);
        ClientCommand[] repeated =
        [
            await second.ReceiveAsync<ClientCommand>(), await second.ReceiveAsync<ClientCommand>(),
            await second.ReceiveAsync<ClientCommand>(), await second.ReceiveAsync<ClientCommand>(),
        ];
        repeated[..3].Should().Equal(sent);
        repeated[3].Should().BeOfType<ChatFrame>().Which.Content.Should().Be("vier");
        again.Restored.Select(restored => restored.Command).Should().Equal(sent);

        await second.SendAsync(repeated.Select(command => Ack(command, status: AckStatus.Duplicate)));
        foreach (var restored in again.Restored)
        {
            (await restored.Answer.Soon()).Status.Should().Be(AckStatus.Duplicate);
        }

        await news.Soon();
        again.Abort();
        new FileInfo(File).Length.Should().Be(0, "everything was answered");
    }

    [Fact]
    public async Task Nothing_is_sent_before_it_is_kept_and_what_cannot_be_kept_is_not_sent()
    {
        var store = new HeldStore();
        var (client, socket) = await _server.OpenAsync(With(store));
        await PingAsync(client, socket); // on a new socket follows come first
        var kept = client.ChatAsync("kept");
        var behind = client.FollowAsync(TheThread);
        var lost = client.ChatAsync("lost");
        await PingAsync(client, socket);

        store.Let(null);
        (await socket.ReceiveAsync<ChatFrame>()).Content.Should().Be("kept");
        await socket.ReceiveAsync<FollowFrame>();
        store.Let(new IOException("The disk is full."));
        await lost.Invoking(task => task.Soon()).Should().ThrowAsync<IOException>();
        await PingAsync(client, socket);

        client.Abort();
        await kept.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>();
        await behind.Invoking(task => task.Soon()).Should().ThrowAsync<ChatClosedException>();
    }

    [Fact]
    public async Task What_the_server_refuses_for_good_is_not_kept_and_what_it_refuses_for_now_is()
    {
        using var store = new FileSendStore(Folder);
        var (client, socket) = await _server.OpenAsync(With(store));
        var refused = client.ChatAsync("refused", TheThread);
        var first = await socket.ReceiveAsync<ChatFrame>();
        await socket.SendAsync(new Error { Id = first.Id, Code = ErrorCode.Unavailable, Message = "Later.", RetryAfterMs = 1 });
        (await socket.ReceiveAsync<ChatFrame>()).Should().Be(first);
        new FileInfo(File).Length.Should().BePositive();

        await socket.SendAsync(new Error { Id = first.Id, Code = ErrorCode.NotFound, Message = "No." });

        (await refused.Invoking(task => task.Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.NotFound);
        new FileInfo(File).Length.Should().Be(0);
        client.Abort();
    }

    [Fact]
    public async Task Giving_up_the_wait_leaves_a_kept_message_to_be_sent()
    {
        using var store = new FileSendStore(Folder);
        var (client, socket) = await _server.OpenAsync(With(store));
        using var giveUp = new CancellationTokenSource();
        var sending = client.ChatAsync("hello", cancellationToken: giveUp.Token);
        var sent = await socket.ReceiveAsync<ChatFrame>();
        await giveUp.CancelAsync();
        await sending.Invoking(task => task.Soon()).Should().ThrowAsync<OperationCanceledException>();
        socket.Cut();

        var second = await _server.AcceptAsync();
        (await second.ReceiveAsync<ChatFrame>()).Should().Be(sent);

        var joined = client.ChatAsync("hello", id: sent.Id);
        (await client.Invoking(sender => sender.ChatAsync("other", id: sent.Id).Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.IdConflict);
        await second.SendAsync(Ack(sent));
        await joined.Soon();
        client.Abort();
    }

    [Fact]
    public async Task A_line_that_a_crash_cut_off_is_forgotten_and_the_next_one_stands_in_its_place()
    {
        var one = new StoredSend(new ClientFrameId("c_1"), """{"type":"stop","id":"c_1","thread_id":"thr_1"}""");
        var two = one with { Id = new ClientFrameId("c_2"), Json = """{"type":"stop","id":"c_2","thread_id":"thr_1"}""" };
        using (var store = new FileSendStore(Folder))
        {
            await store.LoadAsync(User, TestContext.Current.CancellationToken);
            await store.SaveAsync(User, one);
        }

        await System.IO.File.AppendAllTextAsync(File, "+c_9 {\"type\":\"stop\",\"id\":\"c_9\",\"thread_id\":\"thr_1", TestContext.Current.CancellationToken);
        using (var store = new FileSendStore(Folder))
        {
            (await store.LoadAsync(User, TestContext.Current.CancellationToken)).Should().Equal(one);
            await store.SaveAsync(User, two);
            using var other = new FileSendStore(Folder);
            other.Invoking(late => late.LoadAsync(User, TestContext.Current.CancellationToken)).Should().Throw<IOException>("it is open already");
        }

        using var again = new FileSendStore(Folder);
        (await again.LoadAsync(User, TestContext.Current.CancellationToken)).Should().Equal(one, two);
        await again.RemoveAsync(User, one.Id);
        again.Dispose();
        using var last = new FileSendStore(Folder);
        (await last.LoadAsync(User, TestContext.Current.CancellationToken)).Should().Equal(two);
    }

    [Fact]
    public async Task A_file_that_holds_something_else_is_refused_and_left_alone()
    {
        using (var first = new FileSendStore(Folder))
        {
            await first.LoadAsync(User, TestContext.Current.CancellationToken);
        }

        await System.IO.File.WriteAllTextAsync(File, "Dear diary,\n", TestContext.Current.CancellationToken);
        using var store = new FileSendStore(Folder);

        await _server.Invoking(server => server.OpenAsync(With(store))).Should().ThrowAsync<InvalidDataException>();

        store.Dispose();
        (await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken)).Should().Be("Dear diary,\n");
    }

    private static Func<ChatConnectionOptions, ChatConnectionOptions> With(ISendStore store) => options => options with { SendStore = store };

    /// <summary>What is not sent in the time of a round trip is not sent.</summary>
    private static async Task PingAsync(ChatConnection client, ScriptedSocket socket)
    {
        var pinging = client.PingAsync();
        await socket.SendAsync(new Pong { Id = (await socket.ReceiveAsync<PingFrame>()).Id, ServerTime = DateTimeOffset.UnixEpoch });
        await pinging.Soon();
    }

    /// <summary>Keeps nothing, and each save only when the test lets it.</summary>
    private sealed class HeldStore : ISendStore
    {
        private readonly System.Threading.Channels.Channel<Exception?> _let = System.Threading.Channels.Channel.CreateUnbounded<Exception?>();

        public void Let(Exception? failure) => _let.Writer.TryWrite(failure);

        public ValueTask<IReadOnlyList<StoredSend>> LoadAsync(UserId user, CancellationToken cancellationToken) => new([]);

        public async ValueTask SaveAsync(UserId user, StoredSend send)
        {
            if (await _let.Reader.ReadAsync(TestContext.Current.CancellationToken) is { } failure)
            {
                throw failure;
            }
        }

        public ValueTask RemoveAsync(UserId user, ClientFrameId id) => ValueTask.CompletedTask;
    }
}
