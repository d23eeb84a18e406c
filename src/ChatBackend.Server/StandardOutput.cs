using System.Text;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace ChatBackend.Server;

/// <summary>Lines on the standard output, as many at once as there are.</summary>
internal sealed class StandardOutput(ITextFormatter formatter) : IBatchedLogEventSink
{
    private readonly Stream _output = Console.OpenStandardOutput();

    public async Task EmitBatchAsync(IReadOnlyCollection<LogEvent> batch)
    {
        using var lines = new StringWriter();
        foreach (var line in batch)
        {
            formatter.Format(line, lines);
        }

        await _output.WriteAsync(Encoding.UTF8.GetBytes(lines.ToString()));
    }
}
