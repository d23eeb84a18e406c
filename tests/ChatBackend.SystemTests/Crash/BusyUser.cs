using System.Collections.Concurrent;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Campaign;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Crash;

/// <summary>A user with one connection of the client library over all crashes and a few threads, in each of which somebody talks.</summary>
internal sealed class BusyUser(GuestSession guest, ChatConnection connection, Ledger ledger, SendLedger sends, Random random) : IAsyncDisposable
{
    private const int ThreadsAtOnce = 2;

    private readonly ConcurrentDictionary<ThreadId, byte> _known = new();
    private readonly List<ThreadId> _threads = [];
    private int _reconnects;

    public GuestSession Guest => guest;

    public ChatConnection Connection => connection;

    /// <summary>What the connection was sent, of every thread from its beginning, over all crashes.</summary>
    public Ledger Ledger => ledger;

    public ICollection<ThreadId> Threads => _known.Keys;

    public int Reconnects => _reconnects;

    public static async Task<BusyUser> ConnectAsync(ServerProcess server, SendLedger sends, int seed)
    {
        var guest = await server.GuestAsync();
        var ledger = new Ledger();
        BusyUser? user = null;
        var connection = await ChatConnection.ConnectAsync(new ChatConnectionOptions
        {
            Uri = server.WebSocket,
            Token = _ => ValueTask.FromResult(guest.Token),
            MaxBackoff = TimeSpan.FromSeconds(1),
            OnFrame = ledger.Take,
            OnReconnected = _ => Interlocked.Increment(ref user!._reconnects),
        }).Soon();
        return user = new BusyUser(guest, connection, ledger, sends, new Random(seed));
    }

    /// <summary>Talks in several threads at once until it is enough; what is on its way then is still waited for.</summary>
    public Task TalkAsync(CancellationToken enough)
    {
        while (_threads.Count < ThreadsAtOnce)
        {
            _threads.Add(default);
        }

        if (random.Next(4) == 0)
        {
            _threads[random.Next(ThreadsAtOnce)] = default; // a new thread
        }

        return Task.WhenAll(Enumerable.Range(0, ThreadsAtOnce).Select(place => TalkAsync(place, new Random(random.Next()), enough)));
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task TalkAsync(int place, Random dice, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var message = new ChatFrame
            {
                Id = ClientFrameId.New(),
                Content = Script.Draw(dice),
                ThreadId = _threads[place] == default ? null : _threads[place],
                Agent = Scenario.Agent,
                WhenRunning = dice.Next(6) == 0 ? WhenRunning.Interrupt : WhenRunning.Queue,
            };
            sends.Sending(message);
            // Not given up when it is enough: what is on its way is sent again to the next server.
            var ack = await connection.ChatAsync(
                message.Content, message.ThreadId, message.Agent, message.WhenRunning, message.Id, cancellationToken: CancellationToken.None).Soon();
            sends.Take(ack);
            _threads[place] = ack.ThreadId!.Value;
            _known.TryAdd(ack.ThreadId.Value, 0);
            if (dice.Next(8) == 0)
            {
                await StopAsync(ack.ThreadId!.Value);
            }
            else if (dice.Next(3) > 0)
            {
                await AnswerAsync(ack, enough);
            }
        }
    }

    private async Task StopAsync(ThreadId thread)
    {
        try
        {
            await connection.StopAsync(thread).Soon();
        }
        catch (ChatErrorException ex) when (ex.Code == ErrorCode.NoSuchRun)
        {
        }
    }

    private async Task AnswerAsync(Ack ack, CancellationToken enough)
    {
        try
        {
            await connection.FollowerOf(ack.ThreadId!.Value).WaitForAnswerAsync(ack.MessageId!.Value, enough);
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
        }
    }
}
