using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Runs;

/// <summary>What a run needs, with the agent that plays scripts, a clock that stands still and a sink that keeps everything.</summary>
internal sealed class RunHost : IAsyncDisposable
{
    private static readonly ThreadId Thread = new("thr_1");

    private readonly ServiceProvider _services;

    public RunHost()
    {
        var configuration = new ConfigurationBuilder().Build();
        _services = new ServiceCollection()
            .AddMetrics().AddLogging(logging => logging.AddProvider(Lines))
            .AddSingleton<ChatMetrics>().AddSingleton<TimeProvider>(Clock).AddSingleton(Options.Create(RunOptions)).AddSingleton<IConfiguration>(configuration)
            .AddSingleton<IEventLog>(new ThreadLog(Thread)).AddSingleton(ServiceDecoration.Of<IThreadStore>(null!, (_, called, _) => throw new InvalidOperationException(called)))
            .AddSingleton<Quarantine>().AddSingleton(Options.Create(new ChatBackendOptions())).AddSingleton<ToolApproval>().AddSingleton<ChatHistoryCache>().AddScoped(_ => Context = new RunContext()).AddScoped<ChatHistoryBuilder>()
            .AddSingleton(new AgentCatalog(
                Options.Create(new AgentsOptions { Script = { Enabled = true } }), configuration, [], null!, new ModelProviders([]), [], null!, Clock))
            .AddSingleton<ActiveRuns>().AddSingleton<ToolSources>()
            .BuildServiceProvider();
        Runs = _services.GetRequiredService<ActiveRuns>();
    }

    public WatchedClock Clock { get; } = new();

    public RecordingSink Sink { get; } = new();

    public LogLines Lines { get; } = new(typeof(AgentRun).FullName!);

    public ActiveRuns Runs { get; }

    public RunOptions RunOptions { get; } = new() { StopBound = TimeSpan.FromSeconds(3), Timeout = TimeSpan.FromSeconds(40), DrainBound = TimeSpan.FromSeconds(5) };

    /// <summary>What the tools of the last run are told of it.</summary>
    public RunContext? Context { get; private set; }

    public int ThreadsQuarantined => _services.GetRequiredService<ChatMetrics>().ThreadsQuarantined;

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Lines.Dispose();
    }

    public AgentRun Start(string script, string agent = "script", string answers = "msg_1")
    {
        ThreadEvent[] events =
        [
            new UserMessage { ThreadId = Thread, Seq = 1, At = Clock.GetUtcNow(), MessageId = new("msg_1"), Content = script, ClientId = new("c_1") },
            new AgentStarted { ThreadId = Thread, Seq = 2, At = Clock.GetUtcNow(), RunId = new("run_1"), Agent = agent, MessageId = new("msg_1") },
        ];
        var start = new RunRequest(new("usr_1"), Thread, new("run_1"), new(answers), 1, agent, 2, [])
        {
            Recent = after => [.. events.Where(threadEvent => threadEvent.Seq > after).Select(threadEvent => new StoredEvent(threadEvent.Seq, WireJson.Encode((ServerFrame)threadEvent)))],
        };
        return Runs.Start(start, Sink);
    }

    /// <summary>Of the runs that ended, which outcomes were counted.</summary>
    public string Outcomes()
    {
        var outcomes = new List<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, watching) =>
        {
            if (instrument.Name is "chat.runs.ended" or "chat.runs" && instrument.Meter.Scope == _services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>())
            {
                watching.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => outcomes.AddRange(Enumerable.Repeat((string)tags[0].Value!, (int)count)));
        listener.SetMeasurementEventCallback<int>((_, open, _, _) => open.Should().Be(0, "no run is open"));
        listener.Start();
        listener.RecordObservableInstruments();
        return string.Join(',', outcomes);
    }
}
