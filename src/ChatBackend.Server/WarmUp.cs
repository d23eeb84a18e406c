using System.Runtime;
using ChatBackend.Storage;

namespace ChatBackend.Server;

/// <summary>
/// Before anything of the server starts, a <see cref="Rehearsal"/> in a folder of the data directory answers messages until next to nothing new is compiled:
/// the first clients of a server that is ready get fast code. A server that cannot rehearse starts all the same.
/// </summary>
internal sealed partial class WarmUp(DataDirectory data, TimeProvider clock, ILogger<WarmUp> logger) : IHostedLifecycleService
{
    private const int FewMethods = 50;
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(300);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var (began, folder) = (clock.GetTimestamp(), data.File("warm-up"));
        try
        {
            Delete(folder); // what a process that ended here left
            var rounds = await RehearseAsync(folder, cancellationToken);
            WarmedUp((long)clock.GetElapsedTime(began).TotalMilliseconds, rounds);
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            StartsCold(ex);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<int> RehearseAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            await using var rehearsal = await Rehearsal.StartAsync(folder, cancellationToken);
            var (began, rounds, compiled) = (clock.GetTimestamp(), 0, 0L);
            do
            {
                compiled = JitInfo.GetCompiledMethodCount();
                await rehearsal.PlayAsync(cancellationToken);
                rounds++;
            }
            while (JitInfo.GetCompiledMethodCount() - compiled >= FewMethods && clock.GetElapsedTime(began) < Limit);
            return rounds;
        }
        finally
        {
            Delete(folder);
        }
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Warmed up in {Milliseconds} ms, {Rounds} rounds")]
    private partial void WarmedUp(long milliseconds, int rounds);

    [LoggerMessage(LogLevel.Warning, "The server could not warm up; its first clients wait longer")]
    private partial void StartsCold(Exception ex);
}
