using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What waits for the store: how much memory it is counted with, and what its caller gets.</summary>
public sealed class PendingWriteTests
{
    private static readonly LogAppend Empty = new() { Thread = new ThreadId("thr_1"), Epoch = 1, Head = 0, OpenFrom = null, At = LogWriter.At };

    [Fact]
    public void An_append_counts_with_all_that_it_holds()
    {
        var command = LogWriter.Command(UserId.New(), "c1", ack: new string('a', 7));
        var piece = new PartCheckpoint(RunId.New(), PartId.New(), PartKind.Text, 0, "four");
        LogEvent[] events = [new LogEvent(1, new byte[100]), new LogEvent(2, new byte[30])];

        BytesOf(Empty).Should().Be(512);
        BytesOf(Empty with { Events = events }).Should().Be(512 + 130);
        BytesOf(Empty with { Command = command }).Should().Be(512 + 7);
        BytesOf(Empty with { Checkpoint = piece }).Should().Be(512 + (2 * 4));
        BytesOf(Empty with { Events = events, Command = command, Checkpoint = piece }).Should().Be(512 + 130 + 7 + 8);
    }

    [Fact]
    public void Writes_of_one_row_count_with_their_overhead()
    {
        var thread = ThreadId.New();
        PendingWrite[] writes =
        [
            new PendingOpen(thread, CancellationToken.None), new PendingArchive(UserId.New(), thread, true, LogWriter.At, CancellationToken.None),
            new PendingDelete(thread, 1, LogWriter.At, CancellationToken.None), new PendingErase(LogWriter.At, CancellationToken.None),
            new PendingTrim(thread, 1, CancellationToken.None), new PendingRead(UserId.New(), thread, 1, LogWriter.At, CancellationToken.None),
        ];

        writes.Select(write => write.Bytes).Should().Equal(512, 512, 512, 512, 512, 512);
    }

    [Fact]
    public async Task Its_caller_gets_the_result_the_failure_or_the_cancellation()
    {
        using var cancel = new CancellationTokenSource();
        var writes = Enumerable.Range(0, 3).Select(_ => new PendingTrim(ThreadId.New(), 1, cancel.Token) { Result = true }).ToArray();

        writes[0].Complete();
        writes[1].Fail(new LogUnavailableException("gone"));
        await cancel.CancelAsync();
        writes[2].Cancel();

        (await writes[0].Completion).Should().BeTrue();
        await FluentActions.Awaiting(() => writes[1].Completion).Should().ThrowAsync<LogUnavailableException>().WithMessage("gone");
        (await FluentActions.Awaiting(() => writes[2].Completion).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancel.Token);
    }

    [Fact]
    public async Task An_erasure_whose_files_could_not_be_cleaned_fails_though_it_is_committed()
    {
        var (cleaned, failed) = (new PendingErase(LogWriter.At, CancellationToken.None) { Result = true }, new PendingErase(LogWriter.At, CancellationToken.None) { Result = true });
        failed.CleanUpFailed(new LogUnavailableException("full"));

        cleaned.Complete();
        failed.Complete();

        (await cleaned.Completion).Should().BeTrue();
        await FluentActions.Awaiting(() => failed.Completion).Should().ThrowAsync<LogUnavailableException>().WithMessage("full");
    }

    [Theory]
    [InlineData(2L, new[] { 3L, 4L }, null)]
    [InlineData(2L, new[] { 2L }, "Event 0 has seq 2, but the head is 2.")]
    [InlineData(2L, new[] { 4L }, "Event 0 has seq 4, but the head is 2.")]
    [InlineData(2L, new[] { 3L, 5L }, "Event 1 has seq 5, but the head is 2.")]
    [InlineData(2L, new[] { 3L, 3L }, "Event 1 has seq 3, but the head is 2.")]
    public void Events_that_do_not_continue_the_head_are_the_writers_mistake(long head, long[] seqs, string? mistake) =>
        ShouldBe(Empty with { Head = head, Events = [.. seqs.Select(seq => new LogEvent(seq, "x"u8.ToArray()))] }, mistake);

    [Theory]
    [InlineData(1, 0, null)]
    [InlineData(2, 0, "A new thread starts with epoch 1 and head 0.")]
    [InlineData(1, 1, "A new thread starts with epoch 1 and head 0.")]
    public void A_new_thread_begins_at_its_beginning(long epoch, long head, string? mistake)
    {
        ShouldBe(Empty with { Epoch = epoch, Head = head, NewOwner = UserId.New() }, mistake);
        ShouldBe(Empty with { Epoch = epoch, Head = head }, null);
    }

    private static void ShouldBe(LogAppend append, string? mistake)
    {
        if (mistake is null)
        {
            append.Invoking(one => one.ThrowIfInconsistent()).Should().NotThrow();
        }
        else
        {
            append.Invoking(one => one.ThrowIfInconsistent()).Should().Throw<ArgumentException>().WithMessage(mistake);
        }
    }

    private static long BytesOf(LogAppend append) => new PendingAppend(append, CancellationToken.None).Bytes;
}
