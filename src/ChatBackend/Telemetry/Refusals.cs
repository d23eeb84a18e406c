using System.Text.Json;
using ChatBackend.Protocol;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Telemetry;

/// <summary>Counts everything that is refused, and logs the first of each kind in ten seconds. Nothing that a client sent is in it.</summary>
internal sealed partial class Refusals(ChatMetrics metrics, TimeProvider clock, ILogger<Refusals> logger)
{
    private readonly LogSampler _lines = new(lines: 1, TimeSpan.FromSeconds(10), clock);

    /// <param name="reason">One of <see cref="RefusalReason"/>.</param>
    public void Request(int status, string reason)
    {
        metrics.RequestRefused(reason);
        if (_lines.Admits(reason, out var leftOut))
        {
            RequestRefused(status, reason, leftOut);
        }
    }

    /// <param name="command">The type of the frame or request.</param>
    public void Command(ErrorCode code, string command) => Error(NameOf(code), command);

    /// <param name="code">On the wire, or a word for requests that have none.</param>
    public void Error(string code, string command)
    {
        metrics.ErrorSent(code);
        if (_lines.Admits($"{code} {command}", out var leftOut))
        {
            CommandRefused(command, code, leftOut);
        }
    }

    /// <summary>The thread of a command did not answer, or could not in time.</summary>
    public void ThreadAway(Exception ex, string command)
    {
        if (_lines.Admits($"away {command}", out var leftOut))
        {
            ThreadAway(command, ex.GetType().Name, leftOut);
        }
    }

    private static string NameOf(ErrorCode code) => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());

    [LoggerMessage(LogLevel.Information, "A request is refused with {Status}: {Reason}. {LeftOut} more since the last such line")]
    private partial void RequestRefused(int status, string reason, long leftOut);

    [LoggerMessage(LogLevel.Information, "{Command} is answered with {Code}. {LeftOut} more since the last such line")]
    private partial void CommandRefused(string command, string code, long leftOut);

    [LoggerMessage(LogLevel.Warning, "{Command} could not reach its thread ({Reason}). {LeftOut} more since the last such line")]
    private partial void ThreadAway(string command, string reason, long leftOut);
}
