using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Contestants in alternating rounds, each in a process that runs from the first round to the last, so that all have warmed up alike.</summary>
internal static class Rounds
{
    public const int Count = 5;

    /// <param name="prepare">Called once a contestant: connects the clients.</param>
    /// <param name="measure">Called once a round and contestant; in the warm-up with null for its number.</param>
    public static async Task RunAsync(
        IReadOnlyList<Contestant> contestants, Uri? model, Func<LoadLoop, ServerUnderLoad, Task<Crowd>> prepare, Action<Crowd, int?> measure,
        int warmUps = 2, int count = Count)
    {
        using var loop = new LoadLoop();
        var servers = new List<ServerUnderLoad>();
        var crowds = new List<Crowd>();
        try
        {
            foreach (var contestant in contestants)
            {
                servers.Add(await ServerUnderLoad.StartAsync(contestant, model));
                crowds.Add(await prepare(loop, servers[^1]));
            }

            for (var round = -warmUps; round < count; round++)
            {
                // Each round another one is first.
                for (var i = 0; i < crowds.Count; i++)
                {
                    measure(crowds[(i + warmUps + round) % crowds.Count], round < 0 ? null : round);
                }
            }
        }
        finally
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
