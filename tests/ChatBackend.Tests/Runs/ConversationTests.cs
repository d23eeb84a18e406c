using ChatBackend.Agents;
using ChatBackend.Agents.Demo;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Agents;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Runs;

public sealed class ConversationTests : IDisposable
{
    private static readonly ThreadId Thread = ThreadId.New();

    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();

    [Fact]
    public async Task What_happens_while_a_run_begins_is_not_for_it()
    {
        ThreadEvent[] events =
        [
            Message("one"), Started("one"), new AgentCompleted { RunId = new("one"), MessageId = new("a"), Content = "fine", DurationMs = 1 },
            Message("two"), Started("two"), new ThreadRewound { ToSeq = 0 }, Message("instead"),
        ];
        var logged = events.Select((happened, i) => happened with { ThreadId = Thread, Seq = i + 1, At = TimeProvider.System.GetUtcNow() })
            .Select(happened => new StoredEvent(happened.Seq, WireJson.Encode((ServerFrame)happened)))
            .ToList();
        var options = Options.Create(new RunOptions());
        var histories = new Histories(options, _metrics.GetRequiredService<ChatMetrics>(), TimeProvider.System);
        // A log whose events cannot be read.
        var conversation = new Conversation(new PlayedLog(), histories, options, TimeProvider.System, NullLogger<Conversation>.Instance);
        var start = new RunStart(UserId.New(), Thread, new("two"), new("two"), 4, "helper", 5, [])
        {
            Recent = after => [.. logged.Where(stored => stored.Seq > after)],
        };

        var messages = await conversation.OfAsync(start, new Agent { Name = "helper", Model = new DemoModel() }, TestContext.Current.CancellationToken);

        messages.Select(message => message.Text).Should().Equal("one", "fine", "two");
    }

    public void Dispose() => _metrics.Dispose();

    private static UserMessage Message(string id) => new() { MessageId = new(id), Content = id, ClientId = new("c") };

    private static AgentStarted Started(string message) => new() { RunId = new(message), Agent = "helper", MessageId = new(message) };
}
