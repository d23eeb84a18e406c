using ChatBackend.Agents;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Threads;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>The commands of one thread, without what follows from them.</summary>
internal sealed class CommandBench : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    private CommandBench(WriterBench thread, FakeTimeProvider clock)
    {
        (Thread, Clock) = (thread, clock);
        Commands = new ThreadCommands(thread.Thread, thread.Writer, thread.Log, Agents(), Runs, _ => IsTooLate, new ThreadOptions { MaxQueuedMessages = 2 });
    }

    public WriterBench Thread { get; }

    public FakeTimeProvider Clock { get; }

    public ActiveRuns Runs { get; } = new(null!, null!, Options.Create(new RunOptions()), null!, TimeProvider.System, NullLogger<AgentRun>.Instance);

    public ThreadCommands Commands { get; }

    public bool IsTooLate { get; set; }

    public UserId Owner => Thread.Owner;

    public static async Task<CommandBench> StartAsync()
    {
        var clock = new FakeTimeProvider(Start);
        return new CommandBench(await WriterBench.StartAsync(clock), clock);
    }

    public static AgentCatalog Agents()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Agents:Script:Enabled", (string?)"true")]).Build();
        return new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton(TimeProvider.System).AddAgents().BuildServiceProvider().GetRequiredService<AgentCatalog>();
    }

    public ChatCommand Chat(string id = "c1", WhenRunning whenRunning = WhenRunning.Queue, bool creates = false, string? agent = "script", string content = "hello", string? replaces = null) => new(
        Owner, new ClientFrameId(id), content, agent, whenRunning, creates ? null : Thread.Thread, null, replaces is null ? null : new MessageId(replaces));

    public StopCommand Stop(string id = "s1", string? run = null, string? message = null) =>
        new(Owner, new ClientFrameId(id), run is null ? null : new RunId(run), message is null ? null : new MessageId(message));

    public DecideCommand Decide(string id = "d1", string call = "call_1", string digest = "sha256:1", ApprovalDecision decision = ApprovalDecision.Approve, string? note = null) =>
        new(Owner, new ClientFrameId(id), new CallId(call), digest, decision, note);

    public static Ack AckOf(CommandEffect effect) => (Ack)WireJson.DecodeServerFrame(effect.Reply.Ack);

    public static async Task<(ErrorCode Code, string Message)> RefusalOfAsync(Func<Task> command)
    {
        var refused = (await command.Should().ThrowAsync<ProtocolException>()).Which;
        return (refused.Code, refused.Message);
    }

    /// <summary>The same command, of any sender, is answered with what became of it the first time, and has no effect.</summary>
    public async Task AssertRepeatedAsync(CommandEffect first, Func<Task<CommandEffect>> again)
    {
        var before = await Thread.EventsAsync();
        var effect = await again();
        AckOf(effect).Should().Be(AckOf(first) with { Status = AckStatus.Duplicate });
        (effect.IsNew, effect.Stops, effect.Reply.Thread, effect.Reply.Seq).Should().Be((false, null, first.Reply.Thread, first.Reply.Seq));
        (await Thread.EventsAsync()).Should().HaveSameCount(before);
    }

    public ValueTask DisposeAsync() => Thread.DisposeAsync();
}
