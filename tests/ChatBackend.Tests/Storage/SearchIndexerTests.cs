using System.Runtime.Versioning;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Contracts;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>When the search index follows the log, and what becomes of it when it cannot.</summary>
[SupportedOSPlatform("linux")]
public sealed class SearchIndexerTests : IAsyncLifetime
{
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(300);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-index-");
    private readonly LogLines _lines = new("ChatBackend");
    private readonly TimersOfTest _clock = new();
    private SqliteLogHost _host = null!;
    private LogWriter _writer = null!;
    private int _passed;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string IndexPath => Path.Combine(_directory.FullName, "search.db");

    public async ValueTask InitializeAsync()
    {
        _host = await SqliteLogHost.StartAsync(_directory.FullName, _lines, clock: _clock);
        _writer = LogWriter.OfNewThread(_host.Log);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task An_empty_log_is_indexed_without_a_word_and_a_commit_is_followed_a_moment_later()
    {
        _host.Indexer.Behind.Should().Be(TimeSpan.Zero, "no time has passed");
        await FollowAsync();
        await _writer.WriteTextAsync("plums");
        await _clock.UntilAsync(2);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        _host.Indexer.Behind.Should().Be(TimeSpan.FromMilliseconds(100));

        await _writer.WriteTextAsync("pears");
        _clock.Advance(TimeSpan.FromMilliseconds(199));
        _host.Indexer.Behind.Should().Be(TimeSpan.FromMilliseconds(299), "the first has waited for so long");
        (await FoundAsync("plums")).Should().Be(0);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await Deadline.UntilAsync(() => _host.Indexer.Behind == TimeSpan.Zero);

        (await FoundAsync("plums"), await FoundAsync("pears")).Should().Be((1, 1));
        _clock.Waits.Should().StartWith([Gather, Gather]);
        LinesOf("search index").Should().BeEmpty();
    }

    [Fact]
    public async Task What_fails_is_told_once_and_tried_again_after_longer_and_longer_pauses_until_it_works()
    {
        await FollowAsync();
        await _writer.WriteTextAsync("plums");
        TakeAway();
        Directory.CreateDirectory(IndexPath);
        for (var i = 0; i < 9; i++)
        {
            await _clock.PassAsync(_passed++);
        }

        await _clock.UntilAsync(_passed + 1);
        Seconds(_clock.Waits.Skip(1)).Should().Equal(0.3, 0.6, 1.2, 2.4, 4.8, 9.6, 19.2, 30, 30, 30);
        LinesOf("search index").Should().ContainSingle().Which.Should().StartWith("Warning: The search index cannot be brought up to date");
        _host.Indexer.Behind.Should().BeGreaterThan(TimeSpan.FromSeconds(90));

        Directory.Delete(IndexPath);
        await FollowAsync();

        (await FoundAsync("plums")).Should().Be(1);
        LinesOf("search index").Skip(1).Should().SatisfyRespectively(
            line => line.Should().StartWith("Information: The search index is made from the log's 1 events, because there was none"),
            line => line.Should().Be("Information: The search index is complete, up to event 1"),
            line => line.Should().Be("Information: The search index is up to date again"));
    }

    [Fact]
    public async Task After_a_success_pauses_begin_with_the_shortest_again()
    {
        await FollowAsync();
        for (var round = 0; round < 2; round++)
        {
            await _writer.WriteTextAsync("plums");
            TakeAway();
            Directory.CreateDirectory(IndexPath);
            await _clock.PassAsync(_passed++);
            await _clock.PassAsync(_passed++);
            await _clock.UntilAsync(_passed + 1);
            Directory.Delete(IndexPath);
            await FollowAsync();
        }

        Seconds(_clock.Waits).Should().Equal(0.3, 0.3, 0.6, 1.2, 0.3, 0.6, 1.2);
        LinesOf("cannot be brought up to date").Should().HaveCount(2);
        LinesOf("up to date again").Should().HaveCount(2);
        (await FoundAsync("plums")).Should().Be(2);
    }

    [Fact]
    public async Task A_search_that_finds_the_index_damaged_says_so_and_has_it_made_again()
    {
        await _writer.WriteTextAsync("plums");
        await FollowAsync();
        Execute("DROP TABLE texts");

        await FluentActions.Awaiting(() => FoundAsync("plums")).Should().ThrowAsync<SearchUnavailableException>().WithMessage("The search index cannot be read.");
        _host.Reads.Availability.IsAvailable.Should().BeTrue("it says nothing of the log");
        await FollowAsync();

        (await FoundAsync("plums")).Should().Be(1);
        LinesOf("is made from").Should().HaveCount(2).And.Subject.Last().Should().Contain("the log's 1 events, because it was damaged;");
        await _writer.WriteTextAsync("pears");
        await FollowAsync();
        (await FoundAsync("pears")).Should().Be(1);
        LinesOf("is made from").Should().HaveCount(2);
    }

    [Fact]
    public async Task An_index_that_cannot_let_go_of_what_is_erased_is_thrown_away_and_made_without_it()
    {
        var erased = LogWriter.OfNewThread(_host.Log, _writer.Owner);
        await _writer.WriteTextAsync("plums");
        await erased.WriteTextAsync("pears");
        await FollowAsync();
        Execute("DROP TABLE texts");

        await _host.Log.DeleteAsync(erased.Thread, erased.Epoch, Cancelled);
        while (!await _host.Log.EraseAsync(Cancelled))
        {
        }

        LinesOf("cannot be brought up to date").Should().ContainSingle();
        await FollowAsync();
        (await FoundAsync("plums"), await FoundAsync("pears")).Should().Be((1, 0));
    }

    [Fact]
    public async Task What_is_erased_before_the_index_was_opened_leaves_it_too()
    {
        await _writer.WriteTextAsync("plums");
        await FollowAsync();
        await _host.DisposeAsync();
        _host = await SqliteLogHost.StartAsync(_directory.FullName, _lines, clock: _clock);

        await _host.Log.DeleteAsync(_writer.Thread, _writer.Epoch, Cancelled);
        while (!await _host.Log.EraseAsync(Cancelled))
        {
        }

        using var index = Connect();
        index.Scalar("SELECT count(*) FROM texts_docsize").Should().Be(0);
        LinesOf("is made from").Should().ContainSingle("it was opened, not made again");
    }

    [Fact]
    public async Task Nothing_is_indexed_while_something_is_erased()
    {
        await _writer.WriteTextAsync("plums");
        var gate = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var erasing = _host.Indexer.EraseAsync(_ => [], () => gate.Task, Cancelled);
        var following = _host.CatchUpAsync();
        using var gone = new CancellationTokenSource();
        var cancelled = _host.Indexer.CatchUpAsync(gone.Token);

        await gone.CancelAsync();
        await FluentActions.Awaiting(() => cancelled.Soon()).Should().ThrowAsync<OperationCanceledException>();
        following.IsCompleted.Should().BeFalse();
        gate.SetResult(true);

        await following.Soon();
        (await erasing.Soon()).Should().BeTrue();
        (await FoundAsync("plums")).Should().Be(1);
    }

    [Fact]
    public async Task A_long_log_is_indexed_with_pauses_twice_as_long_as_the_work_and_its_progress_is_told()
    {
        await _writer.WriteTextAsync([.. Enumerable.Range(1, 20_001).Select(i => $"plums {i}")]);
        await WhileErasingAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            return Task.CompletedTask;
        });
        await _clock.UntilAsync(2);
        (await FoundAsync("10000"), await FoundAsync("10001")).Should().Be((1, 0));

        _clock.Advance(TimeSpan.FromSeconds(10));
        await Deadline.UntilAsync(() => _host.Indexer.Behind == TimeSpan.Zero);

        Seconds(_clock.Waits).Should().Equal(0.3, 10);
        (await FoundAsync("20001")).Should().Be(1);
        LinesOf("search index").Should().SatisfyRespectively(
            line => line.Should().StartWith("Information: The search index is made from the log's 20001 events"),
            line => line.Should().Be("Information: The search index has come to event 20000 of 20001"),
            line => line.Should().Be("Information: The search index is complete, up to event 20001"));
    }

    [Fact]
    public async Task Where_much_is_said_more_of_it_makes_one_batch()
    {
        await _writer.WriteTextAsync([.. Enumerable.Range(1, 100).Select(i => $"plums {i}")]);
        await FollowAsync();
        await _writer.WriteTextAsync("pears");
        await FollowAsync();
        await _writer.WriteTextAsync("figs");
        await FollowAsync();

        Seconds(_clock.Waits).Should().Equal(0.3, 1, 0.3);
    }

    [Fact]
    public async Task What_is_committed_while_the_index_follows_waits_from_the_end_of_that_at_the_earliest()
    {
        await WhileErasingAsync(async () =>
        {
            await _writer.WriteTextAsync("plums");
            _clock.Advance(TimeSpan.FromSeconds(1));
        });
        await _clock.UntilAsync(2);
        _host.Indexer.Behind.Should().Be(TimeSpan.Zero);

        _clock.Advance(TimeSpan.FromMilliseconds(100));

        _host.Indexer.Behind.Should().Be(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task A_log_that_is_away_is_told_by_its_reads_and_not_once_more_here()
    {
        await FollowAsync();
        await _writer.WriteTextAsync("plums");
        var log = Path.Combine(_directory.FullName, "chat.db");
        File.Move(log, log + ".aside");
        await _clock.PassAsync(_passed++);
        await _clock.UntilAsync(_passed + 1);
        _host.Indexer.Behind.Should().BePositive();

        File.Move(log + ".aside", log);
        await FollowAsync();

        (await FoundAsync("plums")).Should().Be(1);
        LinesOf("be brought up to date").Should().BeEmpty();
        Seconds(_clock.Waits).Should().Equal(0.3, 0.3, 0.6);
    }

    /// <summary>What is done once the index is about to follow and cannot yet.</summary>
    private async Task WhileErasingAsync(Func<Task> meanwhile)
    {
        var gate = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var erasing = _host.Indexer.EraseAsync(_ => [], () => gate.Task, Cancelled);
        await _clock.UntilAsync(_passed + 1);
        var asked = _clock.Asked;
        await _clock.PassAsync(_passed++);
        await Deadline.UntilAsync(() => _clock.Asked > asked);
        await meanwhile();
        gate.SetResult(true);
        await erasing;
    }

    /// <summary>Ends when the wait that is under way has passed and the index has all that was committed.</summary>
    private async Task FollowAsync()
    {
        await _clock.PassAsync(_passed++);
        await Deadline.UntilAsync(() => _host.Indexer.Behind == TimeSpan.Zero);
    }

    private async Task<int> FoundAsync(string query) => (await _host.Log.SearchAsync(_writer.Owner, query, null, null, 10, Cancelled)).Hits.Count;

    private List<string> LinesOf(string text) => [.. _lines.All.Where(line => line.Contains(text, StringComparison.Ordinal))];

    private static IEnumerable<double> Seconds(IEnumerable<TimeSpan> times) => times.Select(time => time.TotalSeconds);

    private void TakeAway() => _directory.EnumerateFiles("search.db*").ToList().ForEach(file => file.Delete());

    private void Execute(string sql)
    {
        using var connection = Connect();
        connection.Execute(sql);
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={IndexPath};Pooling=False");
        connection.Open();
        return connection;
    }
}
