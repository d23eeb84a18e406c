using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Mcp;

/// <summary>Every line of a log at every level, with its exception as a log writes it.</summary>
internal sealed class AllLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<(Func<string, bool> Matches, TaskCompletionSource<string> Seen)> _waits = new();

    public string Text => string.Join('\n', _lines);

    /// <summary>Ends with the first line that matches, of those written or those to come.</summary>
    public Task<string> UntilAsync(Func<string, bool> matches)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waits.Enqueue((matches, seen));
        return _lines.FirstOrDefault(matches) is { } line ? Task.FromResult(line) : seen.Task;
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{logLevel}: {formatter(state, exception)} {exception}".TrimEnd();
        _lines.Enqueue(line);
        foreach (var (_, seen) in _waits.Where(wait => wait.Matches(line)))
        {
            seen.TrySetResult(line);
        }
    }

    public void Dispose()
    {
    }
}
