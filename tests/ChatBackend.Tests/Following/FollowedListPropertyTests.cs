using System.Globalization;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Following;

/// <summary>Whatever users, devices and restarts do, in any order: in the end each device's list is the one of REST, and that is what the log says.</summary>
public sealed class FollowedListPropertyTests : IDisposable
{
    private const string Wait = """{"steps":[{"say":"hm"},{"tool":"look","approval":true,"result":1},{"say":"done"}]}""";

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-lists-");
    private readonly List<ThreadId> _threads = [];
    private readonly List<ListWatcher> _devices = [];
    private ChatServer _server = null!;
    private TestClient _tab = null!;
    private RestClient _rest = null!;
    private Random _dice = null!;

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    /// <remarks>CHAT_STEPS sets how many steps are made, CHAT_SEED repeats the dice of an earlier run.</remarks>
    [Fact]
    [Trait("failure", "L1")]
    [Trait("failure", "L2")]
    [Trait("failure", "L3")]
    [Trait("failure", "L4")]
    [Trait("failure", "L5")]
    [Trait("failure", "L6")]
    public async Task After_any_steps_every_device_lists_what_REST_and_the_log_say()
    {
        var (steps, seed) = (Setting("CHAT_STEPS", 60), Setting("CHAT_SEED", Random.Shared.Next()));
        Output.WriteLine($"CHAT_STEPS={steps} CHAT_SEED={seed}");
        _dice = new Random(seed);
        await StartAsync(null, [null, null, null]);
        for (var step = 1; step <= steps; step++)
        {
            await StepAsync();
            if (step % 20 == 0)
            {
                await CompareAsync();
            }
        }

        await CompareAsync();
        await StopAsync();
    }

    public void Dispose() => _data.Delete(recursive: true);

    private async Task StepAsync()
    {
        ThreadId? any = _threads.Count == 0 ? null : _threads[_dice.Next(_threads.Count)];
        switch (_dice.Next(14), any)
        {
            case ( < 2, _) or (_, null):
                _threads.Add(await _rest.CreateAsync($"{_dice.Next()}"));
                break;
            case ( < 5, { } thread):
                await _tab.PlayAsync("""{"steps":[{"say":"one"},{"tool":"look","result":1},{"say":"two"}]}""", thread);
                break;
            case (5, { } thread):
                await _tab.PlayAsync(Wait, thread, WhenRunning.Interrupt);
                break;
            case (6, { } thread):
                await TryAsync(() => _tab.Connection.StopAsync(thread));
                break;
            case (7, { } thread) when _tab.Frames.All().OfType<ApprovalRequired>().LastOrDefault(asked => asked.ThreadId == thread) is { } asked:
                await TryAsync(() => _tab.Connection.DecideAsync(asked, _dice.Next(2) == 0 ? ApprovalDecision.Approve : ApprovalDecision.Reject));
                break;
            case (8, { } thread):
                await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", $$"""{"title":"{{_dice.Next()}}"}""");
                break;
            case (9, { } thread):
                await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", $$"""{"archived":{{(_dice.Next(3) > 0 ? "true" : "false")}}}""");
                break;
            case (10, { } thread):
                await _tab.Connection.MarkReadAsync(thread, _dice.Next(3) == 0 ? _dice.Next(9) : null, TestContext.Current.CancellationToken).Soon();
                break;
            case (11, { } thread):
                (await _rest.SendAsync(HttpMethod.Delete, $"/api/threads/{thread}")).IsSuccessStatusCode.Should().BeTrue();
                _threads.Remove(thread);
                break;
            case (12, _) when _dice.Next(4) == 0:
                var told = _devices.Select(device => device.Told).ToList();
                var guest = _tab.Guest;
                await StopAsync();
                await StartAsync(guest, told);
                break;
            default:
                var place = _dice.Next(_devices.Count);
                await _devices[place].DisposeAsync();
                _devices[place] = await ListWatcher.FollowAsync(_server, _tab.Guest, _devices[place].Told);
                break;
        }
    }

    /// <summary>When nothing runs any more but what waits for approval, each list is the same, and says what the events say.</summary>
    private async Task CompareAsync()
    {
        using var deadline = Deadline.Source();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while ((await ListWatcher.ListOfAsync(_rest)).Values.Any(row => (bool)row["running"]! && !(bool)row["needs_approval"]!))
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }

        var expected = await ListWatcher.ListOfAsync(_rest);
        expected.Keys.Should().BeEquivalentTo(_threads.Select(thread => thread.Value));
        foreach (var device in _devices)
        {
            await device.UntilSameAsAsync(_rest);
        }

        foreach (var thread in _threads)
        {
            var events = (await _server.Services.GetRequiredService<IEventLog>().ReadAsync(thread, 0, int.MaxValue, int.MaxValue, TestContext.Current.CancellationToken))
                .Select(stored => (ThreadEvent)WireJson.DecodeServerFrame(stored.Json.Span)).ToList();
            var row = expected[thread.Value];
            ((long)row["head"]!, (string?)row["title"], (string?)row["agent"]).Should().Be((
                events.Count, events.OfType<ThreadRenamed>().Last().Title, events.OfType<AgentStarted>().LastOrDefault()?.Agent));
            var open = events.OfType<AgentStarted>().Count() > events.Count(threadEvent => threadEvent is AgentCompleted or AgentStopped or AgentFailed);
            ((bool)row["running"]!, (bool)row["needs_approval"]!).Should().Be((open, open), "a run that goes on waits for its call");
        }
    }

    private async Task StartAsync(GuestSession? guest, IReadOnlyList<ListWatcher.State?> told)
    {
        _server = new ChatServer(_data);
        _tab = await _server.ConnectAsync(guest);
        _rest = await _server.RestAsync(_tab.Guest);
        foreach (var state in told)
        {
            _devices.Add(await ListWatcher.FollowAsync(_server, _tab.Guest, state));
        }
    }

    private async Task StopAsync()
    {
        foreach (var device in _devices)
        {
            await device.DisposeAsync();
        }

        _devices.Clear();
        await _tab.DisposeAsync();
        await _server.DisposeAsync();
    }

    /// <summary>What is over already is refused, and that is as good.</summary>
    private static async Task TryAsync(Func<Task<Ack>> command)
    {
        try
        {
            await command().Soon();
        }
        catch (ChatErrorException ex)
        {
            ex.Code.Should().BeOneOf(ErrorCode.NoSuchRun, ErrorCode.NotFound, ErrorCode.AlreadyDecided);
        }
    }

    private static int Setting(string name, int standard) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : standard;
}
