using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>A server with one agent, whose upstream answers as the test says. All that is logged is kept, with every exception whole.</summary>
public sealed class UpstreamChat : IAsyncLifetime
{
    /// <summary>The agent's key.</summary>
    public const string Key = "sk-secret-key-123456";

    /// <summary>The value of one of its headers.</summary>
    public const string Header = "org-secret-7890";

    private readonly Lines _lines = new();
    private ModelServer? _provider;
    private ChatServer? _server;
    private TestClient? _client;
    private List<ServerFrame> _frames = [];

    /// <summary>Is given the request's body.</summary>
    public Func<HttpContext, string, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Of the last run.</summary>
    public IReadOnlyList<ToolCompleted> Calls => [.. _frames.OfType<ToolCompleted>()];

    public async ValueTask InitializeAsync()
    {
        _provider = await ModelServer.StartAsync((context, body) => Answer(context, body.GetRawText()));
        _server = new ChatServer(
            services => services.AddSingleton(_ => LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_lines))),
            ("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", _provider.Endpoint), ("Agents:List:0:Model", "small"),
            ("Agents:List:0:Tools:0", "clock"), ("Agents:List:0:Retries", "0"), ("Agents:List:0:KeyFrom", "TEST_KEY"), ("TEST_KEY", Key),
            ("Agents:List:0:HeadersFrom:X-Org", "TEST_ORG"), ("TEST_ORG", Header));
        _client = await _server.ConnectAsync();
    }

    /// <summary>A message in a thread of its own.</summary>
    /// <returns>How its run ended.</returns>
    public async Task<RunEvent> RunAsync()
    {
        var before = _client!.Frames.All().Count;
        var end = await _client.EndOfAsync(await _client.Connection.ChatAsync("Hi").Soon());
        _frames = [.. _client.Frames.All().Skip(before)];
        _frames.OfType<RunEvent>().Count(threadEvent => threadEvent is AgentCompleted or AgentStopped or AgentFailed).Should().Be(1);
        (end as AgentFailed)?.Code.Should().NotBe(RunFailure.Internal);
        return end;
    }

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
