using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Storage;

/// <summary>Keeps the log's lines from Information up, as <c>Level: message</c>.</summary>
internal sealed class LogLines(string category) : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<(Func<string, bool> Matches, TaskCompletionSource Seen)> _waits = new();

    public IEnumerable<string> All => _lines;

    /// <summary>Ends with the first line that matches, of those written or those to come.</summary>
    public Task UntilAsync(Func<string, bool> matches)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waits.Enqueue((matches, seen));
        return _lines.Any(matches) ? Task.CompletedTask : seen.Task;
    }

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith(category, StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{logLevel}: {formatter(state, exception)} {exception?.Message}".TrimEnd();
        _lines.Enqueue(line);
        foreach (var (matches, seen) in _waits.Where(wait => wait.Matches(line)))
        {
            seen.TrySetResult();
        }
    }

    public void Dispose()
    {
    }
}
