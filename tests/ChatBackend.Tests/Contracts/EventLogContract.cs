using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

/// <summary>What every event log does. A store's own tests derive from this and add what only that store can get wrong.</summary>
public abstract partial class EventLogContract : IAsyncLifetime
{
    private protected IEventLog Log { get; private set; } = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Log = await OpenStoreAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseStoreAsync();
        await DeleteStoreAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A log over a store that is empty the first time and keeps what it has the next.</summary>
    private protected abstract Task<IEventLog> OpenStoreAsync();

    private protected abstract Task CloseStoreAsync();

    private protected abstract Task DeleteStoreAsync();

    /// <summary>Ends when a search finds what is committed.</summary>
    private protected abstract Task CatchUpAsync();

    private protected async Task ReopenAsync()
    {
        await CloseStoreAsync();
        Log = await OpenStoreAsync();
    }

    [Fact]
    public async Task Events_come_back_in_order_with_their_bytes()
    {
        var writer = LogWriter.OfNewThread(Log);
        (await writer.AppendAsync("a", "b")).Should().Be(AppendResult.Appended.Instance);
        (await writer.AppendAsync("c")).Should().Be(AppendResult.Appended.Instance);

        (await writer.ReadTextsAsync()).Should().Equal("a", "b", "c");
        (await Log.ReadAsync(writer.Thread, 1, 10, 1000, Cancellation)).Select(e => e.Seq).Should().Equal(2, 3);
    }

    [Fact]
    public async Task Opening_tells_head_owner_and_open_work_and_raises_the_epoch()
    {
        var writer = await LogWriter.StartAsync(Log);
        await writer.AppendAsync(writer.Next("two") with { OpenFrom = 2 });

        (await Log.OpenAsync(writer.Thread, Cancellation)).Should().Be(new ThreadHeader(writer.Thread, writer.Owner, 2, 2, 2));
        (await Log.OpenAsync(writer.Thread, Cancellation))!.Epoch.Should().Be(3);
    }

    [Fact]
    public async Task There_is_no_header_and_no_event_of_a_thread_that_does_not_exist()
    {
        var nobody = ThreadId.New();

        (await Log.OpenAsync(nobody, Cancellation)).Should().BeNull();
        (await Log.ReadAsync(nobody, 0, 10, 1000, Cancellation)).Should().BeEmpty();
        (await Log.ReadBackAsync(nobody, 10, 10, Cancellation)).Should().BeEmpty();
        (await Log.ReadCheckpointsAsync(nobody, Cancellation)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_writer_that_lost_the_thread_without_knowing_cannot_write()
    {
        var old = await LogWriter.StartAsync(Log);
        var successor = await old.TakeOverAsync();

        (await old.AppendAsync("stale")).Should().Be(AppendResult.Fenced.Instance);
        (await successor.AppendAsync("fresh")).Should().Be(AppendResult.Appended.Instance);
        (await successor.ReadTextsAsync()).Should().Equal("first", "fresh");
    }

    [Fact]
    public async Task A_command_that_was_refused_with_its_append_can_be_sent_again()
    {
        var old = await LogWriter.StartAsync(Log);
        var successor = await old.TakeOverAsync();
        var command = new CommandRecord(old.Owner, ClientFrameId.New(), "digest"u8.ToArray(), "ack"u8.ToArray());

        (await old.AppendAsync(old.Next("stale") with { Command = command })).Should().Be(AppendResult.Fenced.Instance);
        (await Log.FindCommandAsync(old.Owner, command.Id, Cancellation)).Should().BeNull();
        (await successor.AppendAsync(successor.Next("fresh") with { Command = command })).Should().Be(AppendResult.Appended.Instance);
        (await successor.ReadTextsAsync()).Should().Equal("first", "fresh");
    }

    [Fact]
    public async Task A_writer_that_is_wrong_about_the_head_cannot_write()
    {
        var writer = await LogWriter.StartAsync(Log);
        var behind = writer.Next("x") with { Head = 0, Events = [new LogEvent(1, "x"u8.ToArray(), null)] };

        (await Log.AppendAsync(behind, Cancellation)).Should().Be(AppendResult.Fenced.Instance);
        (await writer.ReadTextsAsync()).Should().Equal("first");
    }

    [Fact]
    public async Task A_thread_is_created_once()
    {
        var writer = await LogWriter.StartAsync(Log);
        var thief = new LogWriter(Log, writer.Thread, UserId.New());

        (await thief.AppendAsync("mine")).Should().Be(AppendResult.Fenced.Instance);
        (await Log.OpenAsync(writer.Thread, Cancellation))!.Owner.Should().Be(writer.Owner);
    }

    [Fact]
    public async Task An_append_to_a_thread_that_does_not_exist_is_refused()
    {
        var writer = LogWriter.OfNewThread(Log);

        (await writer.AppendAsync(writer.Next("x") with { NewOwner = null })).Should().Be(AppendResult.Fenced.Instance);
    }

    [Fact]
    public async Task A_gap_in_seq_never_reaches_the_store()
    {
        var writer = await LogWriter.StartAsync(Log);
        var gap = writer.Next() with { Events = [new LogEvent(3, "x"u8.ToArray(), null)] };

        await FluentActions.Awaiting(() => Log.AppendAsync(gap, Cancellation)).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task A_refused_append_disturbs_no_other_thread()
    {
        var stale = await LogWriter.StartAsync(Log);
        await stale.TakeOverAsync();
        var others = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => LogWriter.StartAsync(Log)));

        var refused = stale.AppendAsync("stale");
        var taken = await Task.WhenAll(others.Select(writer => writer.AppendAsync("more")));

        (await refused).Should().Be(AppendResult.Fenced.Instance);
        taken.Should().AllBeEquivalentTo(AppendResult.Appended.Instance);
    }

    [Fact]
    public async Task A_thousand_appends_at_once_to_fifty_threads_are_all_there_in_order()
    {
        var writers = Enumerable.Range(0, 50).Select(_ => LogWriter.OfNewThread(Log)).ToArray();
        var results = await Task.WhenAll(Enumerable.Range(0, 20).SelectMany(i => writers.Select(writer => writer.AppendAsync($"{i}"))));

        results.Should().AllBeEquivalentTo(AppendResult.Appended.Instance);
        foreach (var writer in writers)
        {
            (await writer.ReadTextsAsync()).Should().Equal(Enumerable.Range(0, 20).Select(i => $"{i}"));
        }
    }

    [Fact]
    public async Task A_store_that_is_opened_again_has_everything()
    {
        var writer = LogWriter.OfNewThread(Log);
        var piece = new PartCheckpoint(RunId.New(), PartId.New(), PartKind.Thinking, 0, "hm");
        await writer.AppendAsync(writer.Next("kept") with { Command = LogWriter.Command(writer.Owner, "c1", "ack"), Checkpoint = piece, OpenFrom = 1 });

        await ReopenAsync();

        (await Log.OpenAsync(writer.Thread, Cancellation)).Should().Be(new ThreadHeader(writer.Thread, writer.Owner, 2, 1, 1));
        (await new LogWriter(Log, writer.Thread, writer.Owner).ReadTextsAsync()).Should().Equal("kept");
        (await Log.ReadCheckpointsAsync(writer.Thread, Cancellation)).Should().Equal(piece);
        (await Log.FindCommandAsync(writer.Owner, new ClientFrameId("c1"), Cancellation)).Should().NotBeNull();
    }

    [Fact]
    public async Task An_append_that_is_cancelled_before_it_is_taken_leaves_nothing()
    {
        var writer = await LogWriter.StartAsync(Log);
        var append = FluentActions.Awaiting(() => Log.AppendAsync(writer.Next("late"), new CancellationToken(canceled: true)));

        await append.Should().ThrowAsync<OperationCanceledException>();
        (await writer.ReadTextsAsync()).Should().Equal("first");
    }
}
