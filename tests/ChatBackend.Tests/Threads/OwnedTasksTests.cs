using ChatBackend.Tests.Client;
using ChatBackend.Threads;

namespace ChatBackend.Tests.Threads;

public sealed class OwnedTasksTests
{
    [Fact]
    public async Task A_stop_after_the_host_was_disposed_waits_for_what_runs_and_throws_nothing()
    {
        using var tasks = new OwnedTasks();
        var work = tasks.Run(cancellationToken => new TaskCompletionSource().Task.WaitAsync(cancellationToken));

        tasks.Dispose();
        await tasks.StopAsync().Soon();

        work.IsCanceled.Should().BeTrue();
    }
}
