using ChatBackend.Hosting;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Hosting;

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

    [Fact]
    public async Task A_stop_waits_for_what_runs_to_its_end_and_throws_nothing_of_it()
    {
        using var tasks = new OwnedTasks();
        var (begun, heard, end) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        await FluentActions.Awaiting(() => tasks.Run(_ => throw new InvalidOperationException("It failed long ago."))).Should().ThrowAsync<InvalidOperationException>();
        var work = tasks.Run(async cancellationToken =>
        {
            begun.SetResult();
            cancellationToken.Register(heard.SetResult);
            await end.Task;
            throw new InvalidOperationException("It fails as it ends.");
        });
        await begun.Task.Soon();

        var stopping = tasks.StopAsync();
        await heard.Task.Soon();
        stopping.IsCompleted.Should().BeFalse();
        end.SetResult();

        await stopping.Soon();
        work.IsFaulted.Should().BeTrue();
    }
}
