using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Threads;

/// <summary>A deletion with an unknown outcome: the next command looks it up.</summary>
public sealed class DeleteFaultTests
{
    [Fact]
    public async Task A_thread_whose_deletion_took_effect_unseen_is_not_found_by_the_next_command()
    {
        var faults = 1;
        await using var server = new ChatServer(services => services.Decorate<IThreadStore>((_, called, call) =>
            called == nameof(IThreadStore.DeleteAsync) && faults-- > 0 ? LostAsync((Task<bool>)call()!) : call()));
        await using var client = await server.ConnectAsync();
        var thread = (await client.PlayAsync("""{"steps":[{"say":"hello"}]}""")).ThreadId; // followed, so that its writer stays in memory
        var rest = await server.RestAsync(client.Guest);

        await rest.ProblemAsync(HttpMethod.Delete, $"/api/threads/{thread}", 503);

        await rest.ProblemAsync(HttpMethod.Delete, $"/api/threads/{thread}", 404);
    }

    private static async Task<bool> LostAsync(Task<bool> deletion)
    {
        await deletion;
        throw new LogUnavailableException("A fault that was asked for.");
    }
}
