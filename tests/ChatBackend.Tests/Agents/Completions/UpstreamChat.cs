using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>A server with agents that have one upstream, which answers as the test says. All that is logged is kept, with every exception whole.</summary>
public sealed class UpstreamChat : IAsyncLifetime
{
    /// <summary>The agent's key.</summary>
    public const string Key = "sk-secret-key-123456";

    /// <summary>The value of one of its headers.</summary>
    public const string Header = "org-secret-7890";

    /// <summary>The one that is asked where a test names none.</summary>
    public const string Agent = "helper";

    /// <summary>By Azure's manners.</summary>
    public const string Azure = "azure";

    /// <summary>Its endpoint is given without <c>/v1</c>.</summary>
    public const string Bare = "bare";

    /// <summary>Agents whose upstream tells how little it takes, which is remembered of each.</summary>
    public static readonly string[] Small = ["small", "smaller", "smallest"];

    private readonly Lines _lines = new();
    private ModelServer? _provider;
    private ChatServer? _server;
    private TestClient? _client;
    private List<ServerFrame> _frames = [];

    /// <summary>Is given the request's body.</summary>
    public Func<HttpContext, string, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Of the last run, as is what follows.</summary>
    public IReadOnlyList<ToolCompleted> Calls => [.. _frames.OfType<ToolCompleted>()];

    public string Thinking => string.Concat(_frames.OfType<AgentPart>().Where(part => part.Kind == PartKind.Thinking).Select(part => part.Text));

    public async ValueTask InitializeAsync()
    {
        _provider = await ModelServer.StartAsync((context, body) => Answer(context, body.GetRawText()));
        _server = new ChatServer(
            services => services.AddSingleton(_ => LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_lines))),
            [("Agents:Default", Agent), ("TEST_KEY", Key), ("TEST_ORG", Header), .. Agents(_provider.Endpoint)]);
        _client = await _server.ConnectAsync();
    }

    /// <summary>Messages in a thread of their own, each when the run before it has ended.</summary>
    /// <returns>How the last run ended.</returns>
    public async Task<RunEvent> RunAsync(string agent = Agent, params string[] messages)
    {
        ThreadId? thread = null;
        RunEvent? end = null;
        foreach (var message in messages.DefaultIfEmpty("Hi"))
        {
            var before = _client!.Frames.All().Count;
            var ack = await _client.Connection.ChatAsync(message, thread, agent).Soon();
            (thread, end) = (ack.ThreadId, await _client.EndOfAsync(ack));
            _frames = [.. _client.Frames.All().Skip(before)];
            _frames.OfType<RunEvent>().Count(threadEvent => threadEvent is AgentCompleted or AgentStopped or AgentFailed).Should().Be(1);
            (end as AgentFailed)?.Code.Should().NotBe(RunFailure.Internal);
        }

        return end!;
    }

    /// <summary>A line of the log may come after the end of its run.</summary>
    public Task UntilLoggedAsync(string text) => Deadline.UntilAsync(() => _lines.All.Any(line => line.Contains(text, StringComparison.Ordinal)));

    /// <summary>Of all runs so far: a line of the log may come after the end of its run.</summary>
    public void ShouldHoldNoSecret()
    {
        var all = string.Join('\n', _lines.All.Concat(_client!.Frames.All().Select(frame => System.Text.Encoding.UTF8.GetString(WireJson.Encode(frame)))));
        all.Should().NotContain(Key).And.NotContain(Header).And.NotContain("secret-key").And.NotContain("ret-key-1");
    }

    public async ValueTask DisposeAsync()
    {
        await _client!.DisposeAsync();
        await _server!.DisposeAsync();
        await _provider!.DisposeAsync();
        ShouldHoldNoSecret();
        _lines.All.Should().Contain(line => line.Contains("Run failed", StringComparison.Ordinal), "what is looked at is what is written");
    }

    private static IEnumerable<(string, string)> Agents(string endpoint)
    {
        string[] names = [Agent, Azure, Bare, .. Small];
        return names.SelectMany((name, i) => new (string, string)[]
        {
            ($"Agents:List:{i}:Name", name), ($"Agents:List:{i}:Endpoint", name == Bare ? new Uri(endpoint).GetLeftPart(UriPartial.Authority) : endpoint), ($"Agents:List:{i}:Model", "small"),
            ($"Agents:List:{i}:Tools:0", "clock"), ($"Agents:List:{i}:Tools:1", "calculator"), ($"Agents:List:{i}:Retries", "0"), ($"Agents:List:{i}:KeyFrom", "TEST_KEY"),
            ($"Agents:List:{i}:HeadersFrom:X-Org", "TEST_ORG"), ($"Agents:List:{i}:Provider", name == Azure ? "azure-openai" : "openai"), ($"Agents:List:{i}:ApiVersion", name == Azure ? "2026-01-01" : ""),
        });
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> All => _lines;

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("Orleans", StringComparison.Ordinal) ? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance : this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
