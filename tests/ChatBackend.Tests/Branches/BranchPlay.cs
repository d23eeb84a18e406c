using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Branches;

/// <summary>A user who writes, edits, goes to other branches and takes back, at random, in one thread; also over several servers one after the other.</summary>
internal sealed class BranchPlay(Random random)
{
    private readonly List<MessageId> _messages = [];
    private ThreadId? _thread;
    private int _step;

    public ThreadId Thread => _thread!.Value;

    public GuestSession Guest { get; private set; } = null!;

    public async Task RunAsync(ChatServer server, int steps)
    {
        Guest ??= await server.GuestAsync();
        var rest = await server.RestAsync(Guest);
        await using var client = await server.ConnectAsync(Guest);
        for (var step = 0; step < steps; step++)
        {
            _step++;
            try
            {
                await StepAsync(client.Connection, rest);
            }
            catch (ChatErrorException ex) when (ex.Code is ErrorCode.NoSuchRun or ErrorCode.RunInProgress)
            {
                // what it wanted to end was over, or what it wanted to leave was busy
            }
        }

        await IdleAsync(rest);
    }

    private async Task StepAsync(ChatConnection client, RestClient rest)
    {
        switch (random.Next(14))
        {
            case 0 or 1 or 2 or 3 or 4 when _messages.Count > 2:
                if (random.Next(5) > 0)
                {
                    await IdleAsync(rest);
                }

                await client.SelectBranchAsync(Thread, Any(random.Next(2) == 0 ? 6 : 100)).Soon();
                break;
            case 5 or 6 or 7 when _messages.Count > 0:
                await WriteAsync(client, Any(random.Next(3) == 0 ? 100 : 4));
                break;
            case 8 when _messages.Count > 0:
                await client.StopAsync(Thread).Soon();
                break;
            case 9 when _messages.Count > 0:
                await client.StopAsync(Thread, message: Any(3)).Soon();
                break;
            case 10 when _messages.Count > 0 && random.Next(3) == 0:
                await client.FollowAsync(Thread).Soon();
                await client.UnfollowAsync(Thread).Soon(); // the thread leaves the memory when nothing runs
                break;
            default:
                if (random.Next(2) == 0 && _messages.Count > 0)
                {
                    await IdleAsync(rest);
                }

                await WriteAsync(client, null);
                break;
        }
    }

    private async Task WriteAsync(ChatConnection client, MessageId? replaces)
    {
        var how = random.Next(6) switch { 0 or 1 => WhenRunning.Steer, 2 => WhenRunning.Interrupt, _ => WhenRunning.Queue };
        var ack = await client.ChatAsync($"ask{_step}", _thread, whenRunning: how, replaces: replaces).Soon();
        _thread = ack.ThreadId;
        _messages.Add(ack.MessageId!.Value);
    }

    private async Task IdleAsync(RestClient rest)
    {
        using var deadline = Deadline.Source();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while ((await rest.GetAsync($"/api/threads/{Thread}")).GetProperty("running").GetBoolean())
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    private MessageId Any(int ofLast) => _messages[^random.Next(1, Math.Min(ofLast, _messages.Count) + 1)];
}
