using System.Runtime.CompilerServices;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Hosting;

/// <summary>Many hosts begin and end in one process, as in the tests of an application.</summary>
public sealed class EndedHostTests
{
    private const int Hosts = 4;
    private const int KeptByTheRuntime = 1; // a thread or a timer of its own keeps the execution context in which it happened to begin

    [Fact]
    [Trait("failure", "A9")]
    public async Task Nothing_of_a_host_that_ended_is_kept()
    {
        var ended = new List<WeakReference>();
        for (var i = 0; i < Hosts; i++)
        {
            ended.Add(await BeginAndEndAsync());
        }

        // What is still done for them, such as to end a timer, takes a moment.
        await Deadline.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return ended.Count(services => services.IsAlive) <= KeptByTheRuntime;
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> BeginAndEndAsync()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"tool":"look"},{"say":"hello"}]}"""));
        return new WeakReference(server.Services);
    }
}
