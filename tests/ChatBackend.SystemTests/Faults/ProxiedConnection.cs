using System.Net;
using System.Net.Sockets;

namespace ChatBackend.SystemTests.Faults;

/// <summary>One client's connection through the proxy: a pump each way, until one side ends it or a fault does.</summary>
internal sealed class ProxiedConnection(Socket client, Fault? fault, Action<Fault> struck)
{
    private const int SlowBytes = 64;
    private static readonly TimeSpan SlowPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private Fault? _fault = fault;
    private Task _pumping = Task.CompletedTask;

    public void Start(IPEndPoint server, Action ended) => _pumping = PumpAsync(server, ended);

    public void Arm(Fault fault)
    {
        lock (_lock)
        {
            _fault = fault;
        }
    }

    public async Task EndAsync()
    {
        await _ending.CancelAsync();
        await _pumping;
    }

    private async Task PumpAsync(IPEndPoint server, Action ended)
    {
        var pumps = Task.CompletedTask;
        try
        {
            client.NoDelay = true;
            await _server.ConnectAsync(server, _ending.Token);
            var up = PumpAsync(client, _server, Direction.Up);
            var down = PumpAsync(_server, client, Direction.Down);
            pumps = Task.WhenAll(up, down);
            await await Task.WhenAny(up, down);
            // One side is done; the other has a moment to finish what it says.
            await pumps.WaitAsync(Linger, TimeProvider.System, _ending.Token);
        }
        catch (Exception ex) when (ex is SocketException or OperationCanceledException or ObjectDisposedException or TimeoutException)
        {
            // A peer went away, the server is not there, or a fault ended it: both sides are closed below.
        }
        finally
        {
            await _ending.CancelAsync();
            client.Dispose();
            _server.Dispose();
            await pumps.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Direction direction)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await from.ReceiveAsync(buffer, _ending.Token);
            if (read == 0)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            var (before, fault) = Strike(direction, read);
            await SendAsync(to, buffer.AsMemory(0, before));
            if (fault is not null && !await SurvivesAsync(fault, to))
            {
                return;
            }

            if (fault?.Kind == FaultKind.Slow)
            {
                await CrawlAsync(to, buffer.AsMemory(before, read - before));
            }
            else
            {
                await SendAsync(to, buffer.AsMemory(before, read - before));
            }
        }
    }

    /// <returns>How much of what was read passes before the fault, and the fault if it strikes now.</returns>
    private (int Before, Fault? Fault) Strike(Direction direction, int read)
    {
        lock (_lock)
        {
            if (_fault is not { } due || due.Direction != direction)
            {
                return (read, null);
            }

            if (read <= due.After)
            {
                _fault = due with { After = due.After - read };
                return (read, null);
            }

            _fault = null;
            struck(due);
            return ((int)due.After, due);
        }
    }

    /// <returns>Whether this direction goes on.</returns>
    private async Task<bool> SurvivesAsync(Fault fault, Socket to)
    {
        switch (fault.Kind)
        {
            case FaultKind.Stall:
                await Task.Delay(fault.Time, TimeProvider.System, _ending.Token); // the fault itself
                return true;
            case FaultKind.Slow:
                return true;
            case FaultKind.HalfClose:
                to.Shutdown(SocketShutdown.Send);
                await Task.Delay(fault.Time, TimeProvider.System, _ending.Token); // the fault itself
                break;
            case FaultKind.Reset:
                client.LingerState = new LingerOption(enable: true, 0);
                _server.LingerState = new LingerOption(enable: true, 0);
                break;
        }

        await _ending.CancelAsync();
        client.Dispose();
        _server.Dispose();
        return false;
    }

    private async Task CrawlAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var some = bytes[..Math.Min(SlowBytes, bytes.Length)];
            await SendAsync(to, some);
            bytes = bytes[some.Length..];
            await Task.Delay(SlowPause, TimeProvider.System, _ending.Token); // the fault itself
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await to.SendAsync(bytes, _ending.Token)..];
        }
    }
}
