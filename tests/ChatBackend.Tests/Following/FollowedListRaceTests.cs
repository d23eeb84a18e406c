using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>What happens at the very moment in which a list is followed, or while its device does not read, is in the list in the end.</summary>
public sealed class FollowedListRaceTests
{
    [Theory]
    [Trait("failure", "L2")]
    [InlineData(nameof(IThreadStore.ListRangeAsync))]
    [InlineData(nameof(IThreadStore.ListAsync))]
    public async Task A_thread_that_is_made_while_the_list_is_read_is_in_it(string read)
    {
        var (reads, isRead, mayGoOn) = (0, Signal(), Signal());
        await using var server = new ChatServer(services => services.Decorate<IThreadStore>((_, called, call) =>
        {
            var result = call();
            return called != read || Interlocked.Increment(ref reads) != 1 ? result
                : result is Task<ListRange> range ? HeldAsync(range)
                : HeldAsync((Task<ThreadPage>)result!);
        }));
        var guest = await server.GuestAsync();
        var rest = await server.RestAsync(guest);
        await using var list = await ListWatcher.ConnectAsync(server, guest);
        await list.SendAsync("follow_threads");
        await isRead.Task.Soon();
        var thread = await rest.CreateAsync("Meanwhile");
        mayGoOn.SetResult();

        await list.UntilAsync(frame => frame.GetProperty("type").ValueEquals("threads_caught_up"));
        if (!list.Rows.ContainsKey(thread.Value))
        {
            await list.UntilListedAsync(thread, _ => true);
        }

        await list.UntilSameAsAsync(rest);

        async Task<T> HeldAsync<T>(Task<T> result)
        {
            isRead.TrySetResult();
            await mayGoOn.Task;
            return await result;
        }
    }

    [Fact]
    [Trait("failure", "L9")]
    public async Task A_read_that_fails_is_tried_again_and_told_once()
    {
        var fails = 3;
        await using var server = new ChatServer(services => services.Decorate<IThreadStore>((_, called, call) =>
            called == nameof(IThreadStore.ListChangesAsync) && Interlocked.Decrement(ref fails) >= 0 ? Task.FromException<ListChanges>(new InvalidOperationException("broken")) : call()));
        var guest = await server.GuestAsync();
        var rest = await server.RestAsync(guest);
        await using var list = await ListWatcher.FollowAsync(server, guest);

        var thread = await rest.CreateAsync("Seen");

        await list.UntilListedAsync(thread, _ => true);
        Volatile.Read(ref fails).Should().BeNegative();
        await list.UntilSameAsAsync(rest);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
