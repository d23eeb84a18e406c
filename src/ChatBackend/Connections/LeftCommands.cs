using ChatBackend.Hosting;
using ChatBackend.Telemetry;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// Commands that connections left behind: received before the close, and still carried out. They hold no place of a connection, so their memory
/// is bounded for all of them together.
/// </summary>
internal sealed class LeftCommands
{
    private readonly long _maxBytes;
    private long _bytes;

    public LeftCommands(IOptions<ConnectionOptions> options, ChatMetrics metrics)
    {
        _maxBytes = options.Value.MaxLeftCommandBytes;
        metrics.WatchLeftCommands(() => Volatile.Read(ref _bytes));
    }

    /// <summary>Waits for what a closed connection left; of what is too much nothing waits, and once the server stops, nothing for longer than <paramref name="patience"/>.</summary>
    /// <returns>False when the command that is being carried out is left to end by itself.</returns>
    public async Task<bool> FinishAsync(CommandQueue commands, TimeSpan patience, TimeProvider clock, CancellationToken stopping)
    {
        var bytes = commands.WaitingBytes;
        try
        {
            if (Interlocked.Add(ref _bytes, bytes) > _maxBytes)
            {
                commands.Drop();
            }

            if (await commands.Working.EndsAsync(patience, clock, stopping))
            {
                return true;
            }

            commands.Drop();
            return false;
        }
        finally
        {
            Interlocked.Add(ref _bytes, -bytes);
        }
    }
}
