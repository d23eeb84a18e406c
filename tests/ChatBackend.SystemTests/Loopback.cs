using System.Net;
using System.Net.Sockets;

namespace ChatBackend.SystemTests;

/// <summary>Ports and addresses of programs that cannot choose theirs, or say which they chose.</summary>
internal static class Loopback
{
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Returns when the address answers, whatever it answers.</summary>
    public static async Task UntilAnsweredAsync(Uri address)
    {
        using var deadline = new CancellationTokenSource(ServerProcess.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var http = new HttpClient();
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(address, deadline.Token);
                return;
            }
            catch (HttpRequestException)
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
        }
    }
}
