using System.Runtime.CompilerServices;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Hosting;

/// <summary>Many hosts begin and end in one process, as in the tests of an application.</summary>
public sealed class EndedHostTests
{
    private const int Collections = 20;

    [Fact]
    [Trait("failure", "A9")]
    public async Task Nothing_of_a_host_that_ended_is_kept()
    {
        await BeginAndEndAsync(); // threads of the runtime keep the execution context in which they began: that of the first
        var services = await BeginAndEndAsync();

        // What the runtime itself still does for it, such as to end a timer, takes a moment.
        for (var i = 0; services.IsAlive && i < Collections; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        services.IsAlive.Should().BeFalse();
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
