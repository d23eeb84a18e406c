using System.Collections.Concurrent;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Crash;

/// <summary>A message that the server acknowledged.</summary>
internal sealed record Said(string Content, Ack Ack);

/// <summary>A user with one connection over all crashes and a few threads, in each of which somebody talks.</summary>
internal sealed class BusyUser(GuestSession guest, ChatConnection connection, Random random) : IAsyncDisposable
{
    private const int ThreadsAtOnce = 2;

    private readonly ConcurrentBag<Said> _said = [];
    private readonly List<ThreadId> _threads = [];
    private int _reconnects;

    public GuestSession Guest => guest;

    public ChatConnection Connection => connection;

    public IReadOnlyCollection<Said> Said => _said;

    public IReadOnlyList<ThreadId> Threads => [.. _said.Select(said => said.Ack.ThreadId!.Value).Distinct()];

    public int Reconnects => _reconnects;

    public static async Task<BusyUser> ConnectAsync(ServerProcess server, int seed)
    {
        var guest = await server.GuestAsync();
        BusyUser? user = null;
        var connection = await ChatConnection.ConnectAsync(new ChatConnectionOptions
        {
            Uri = server.WebSocket,
            Token = _ => ValueTask.FromResult(guest.Token),
            MaxBackoff = TimeSpan.FromSeconds(1),
            OnReconnected = _ => Interlocked.Increment(ref user!._reconnects),
        }).Soon();
        return user = new BusyUser(guest, connection, new Random(seed));
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
            var content = Content(dice);
            var thread = _threads[place];
            // Not given up when it is enough: what is on its way is sent again to the next server.
            var ack = await connection.ChatAsync(
                content,
                thread == default ? null : thread,
                Scenario.Agent,
                dice.Next(6) == 0 ? WhenRunning.Interrupt : WhenRunning.Queue,
                cancellationToken: CancellationToken.None).Soon();
            _said.Add(new Said(content, ack));
            _threads[place] = ack.ThreadId!.Value;
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
        catch (ChatErrorException late) when (late.Code == ErrorCode.NoSuchRun)
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

    private static string Content(Random dice)
    {
        var text = string.Concat(Enumerable.Range(0, dice.Next(1, 40)).Select(i => $"{i} ünd 🌊 "));
        object[] steps = dice.Next(6) switch
        {
            0 => [Scenario.Say(text)],
            1 => [Scenario.Think(text, 10, 5), Scenario.Tool("look", dice.Next(300)), Scenario.Say(text, 30, 10)],
            2 => [Scenario.Say(text, 20, 5), Scenario.Tool("fail", dice.Next(100), fail: true), Scenario.Tool("look", dice.Next(100)), Scenario.Say(text, 20, 20)],
            3 => [Scenario.Tool("stubborn", dice.Next(400), ignoreCancel: true), Scenario.Say(text, 10, 10)],
            4 => [Scenario.Say(text, 10, 10), Scenario.Crash("as the script wants")],
            _ => [Scenario.Say(text + text, 100, 20)],
        };
        return Scenario.Of(steps);
    }
}
