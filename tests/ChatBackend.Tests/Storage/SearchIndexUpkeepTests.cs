using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>What is erased or trimmed leaves the search index and takes nothing else with it; a stop is not a failure.</summary>
[Trait("failure", "Q16")]
public sealed class SearchIndexUpkeepTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-index-");
    private readonly LogLines _lines = new("ChatBackend");
    private readonly WatchedTime _clock = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_takes_the_place_of_erased_rows_is_found()
    {
        await using var host = await StartAsync();
        var erased = LogWriter.OfNewThread(host.Log);
        await erased.WriteTextAsync("plums", "pears");
        await host.CatchUpAsync();

        await host.Log.DeleteAsync(erased.Thread, erased.Epoch, Cancelled);
        while (!await host.Log.EraseAsync(Cancelled))
        {
        }

        var next = LogWriter.OfNewThread(host.Log, erased.Owner);
        await next.WriteTextAsync("cherries", "figs");
        await host.CatchUpAsync();

        (await FoundAsync(host, erased.Owner, "cherries"), await FoundAsync(host, erased.Owner, "figs")).Should().Be((1, 1));
        (await FoundAsync(host, erased.Owner, "plums")).Should().Be(0);
    }

    [Fact]
    public async Task A_trim_takes_out_of_the_index_what_it_cuts_off_and_nothing_else()
    {
        await using var host = await StartAsync();
        var owner = UserId.New();
        for (var i = 0; i < 10; i++)
        {
            await LogWriter.OfNewThread(host.Log, owner).WriteTextAsync("others", "others");
        }

        var trimmed = LogWriter.OfNewThread(host.Log, owner);
        await trimmed.WriteTextAsync("plums", "pears", "cherries", "figs");
        await host.CatchUpAsync();

        foreach (var begins in new[] { 3, 2 }) // it never begins earlier again
        {
            while (!await host.Log.TrimAsync(trimmed.Thread, begins, Cancelled))
            {
            }
        }

        string[] words = ["plums", "pears", "cherries", "figs", "others"];
        var found = new List<int>();
        foreach (var word in words)
        {
            found.Add(await FoundAsync(host, owner, word));
        }

        found.Should().Equal(0, 0, 1, 1, 20);
    }

    [Fact]
    public async Task A_stop_while_texts_are_to_be_indexed_is_not_reported_as_a_failure()
    {
        var host = await StartAsync();
        var gate = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _clock.Waits.Soon();
        var erasing = host.Indexer.EraseAsync(_ => [], () => gate.Task, Cancelled);
        var begins = _clock.NextTimestampAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await begins.Soon(); // it waits for the erasure from here on

        await host.DisposeAsync();
        gate.SetResult(true);

        (await erasing.Soon()).Should().BeTrue();
        _lines.All.Should().NotContain(line => line.Contains("cannot be brought up to date", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_erasure_that_fails_lets_the_index_follow_again()
    {
        await using var host = await StartAsync();
        var writer = LogWriter.OfNewThread(host.Log);
        await writer.WriteTextAsync("plums");

        await FluentActions.Awaiting(() => host.Indexer.EraseAsync<bool>(_ => [], () => throw new LogUnavailableException("away"), Cancelled))
            .Should().ThrowAsync<LogUnavailableException>().WithMessage("away");

        await host.CatchUpAsync().Soon();
        (await FoundAsync(host, writer.Owner, "plums")).Should().Be(1);
    }

    private async Task<SqliteLogHost> StartAsync() => await SqliteLogHost.StartAsync(_directory.FullName, _lines, clock: _clock);

    private static async Task<int> FoundAsync(SqliteLogHost host, UserId owner, string query) =>
        (await host.Log.SearchAsync(owner, query, null, null, 100, Cancelled)).Hits.Count;

    /// <summary>Stands still until it is moved on, so that the index is made only when a test asks for it; and tells what is done with it.</summary>
    private sealed class WatchedTime : FakeTimeProvider
    {
        private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource? _asked;

        /// <summary>Ends when something waits for it to pass.</summary>
        public Task Waits => _waits.Task;

        public Task NextTimestampAsync() => (_asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public override long GetTimestamp()
        {
            _asked?.TrySetResult();
            return base.GetTimestamp();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _waits.TrySetResult();
            return timer;
        }
    }
}
