using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>What a run says is saved in pieces while it speaks, and never holds the run up.</summary>
public sealed class RunSinkSaveTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private RunBench _run = null!;

    private IEnumerable<LogAppend> Saves => _run.Thread.Appends.Where(append => append.Checkpoint is not null);

    [Fact]
    public async Task Text_is_saved_once_the_interval_has_passed_and_not_again_before_the_next()
    {
        _run = await RunBench.StartAsync(_clock);
        _clock.Advance(RunBench.Interval - TimeSpan.FromTicks(1));
        await _run.WriteTextAsync("ab");
        _run.Thread.Appends.Should().BeEmpty();
        _clock.Advance(TimeSpan.FromTicks(1));

        await _run.WriteTextAsync("c");
        for (var i = 0; i < 10; i++)
        {
            await _run.WriteTextAsync(".");
            using var afterTheSave = await _run.Thread.Writer.EnterAsync();
        }

        var save = Saves.Should().ContainSingle().Subject;
        save.Checkpoint.Should().Be(new PartCheckpoint(RunBench.Run, _run.Thread.Live.PartFrom(0)!.Part, PartKind.Text, 0, "abc"));
        (save.Events.Count, save.DropCheckpoints, save.Title).Should().Be((0, false, null));
    }

    [Fact]
    public async Task Pieces_follow_one_another_without_a_gap_and_without_an_overlap()
    {
        _run = await RunBench.StartAsync(_clock);
        await SpeakUntilAsync(saves: 5);

        var end = 0;
        foreach (var save in Saves)
        {
            (save.Checkpoint!.Offset, save.Checkpoint.Text.Length > 0).Should().Be((end, true));
            end += save.Checkpoint.Text.Length;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_piece_that_is_not_known_to_be_saved_is_saved_with_the_next_one(bool tookEffect)
    {
        _run = await RunBench.StartAsync(_clock);
        _run.Thread.Fail(tookEffect ? AppendFault.After : AppendFault.Before);

        await SpeakUntilAsync(saves: 2);
        await _run.Sink.CompletePartAsync(CancellationToken.None).Soon();

        Saves.Select(save => save.Checkpoint!.Offset).Take(2).Should().Equal(0, 0);
        (await _run.EventsAsync()).Should().ContainSingle().Which.Should().BeOfType<AgentPart>();
    }

    [Fact]
    public async Task What_breaks_a_save_breaks_the_run_and_not_its_end()
    {
        _run = await RunBench.StartAsync(_clock);
        _run.Thread.Fail(AppendFault.Bug);

        await FluentActions.Awaiting(() => SpeakUntilAsync(saves: 2)).Should().ThrowAsync<InvalidOperationException>();

        (await _run.Sink.EndAsync(new RunOutcome.Completed(AnswerFinish.Complete), null).Soon()).Should().Be(new RunOutcome.Completed(AnswerFinish.Complete));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_save_whose_turn_comes_after_the_part_or_the_run_has_ended_saves_nothing(bool isOver)
    {
        _run = await RunBench.StartAsync(_clock);
        _clock.Advance(RunBench.Interval);
        using (await _run.Thread.Writer.EnterAsync())
        {
            await _run.WriteTextAsync("abc");
            ThreadEvent part = new AgentPart { RunId = RunBench.Run, PartId = _run.Thread.Live.PartFrom(0)!.Part, Kind = PartKind.Text, Text = "abc" };
            await _run.Thread.Writer.AppendAsync(isOver ? [part, WriterBench.Answered(RunBench.Id)] : [part]);
            if (isOver)
            {
                _run.Thread.Live.PublishText(RunBench.Run, PartKind.Text, "what another run says");
            }
        }

        using (await _run.Thread.Writer.EnterAsync())
        {
            Saves.Should().BeEmpty();
        }
    }

    [Fact]
    public async Task A_run_that_is_not_listened_to_saves_nothing_and_publishes_nothing()
    {
        _run = await RunBench.StartAsync(_clock);
        var node = new RecordingNode();
        _run.Thread.Live.Subscribe(_run.Thread.Owner, 0, node);
        await _run.WriteTextAsync("heard");
        _run.Thread.Live.RejectOutput();
        _clock.Advance(RunBench.Interval);

        await _run.WriteTextAsync(" and not heard");

        _run.Thread.Appends.Should().BeEmpty();
        node.Items.Select(item => item.Delta!.Text).Should().Equal("heard");
    }

    [Fact]
    public async Task Half_a_character_is_nothing_to_publish()
    {
        _run = await RunBench.StartAsync(_clock);
        var node = new RecordingNode();
        _run.Thread.Live.Subscribe(_run.Thread.Owner, 0, node);

        await _run.WriteTextAsync("\uD83D");
        await _run.WriteTextAsync("\uDE00");
        await _run.WriteTextAsync("x");

        node.Items.Select(item => (item.Delta!.Offset, item.Delta.Text)).Should().Equal((0, "😀"), (2, "x"));
    }

    [Fact]
    public async Task The_pieces_of_a_part_are_dropped_with_it()
    {
        _run = await RunBench.StartAsync(_clock);
        await SpeakUntilAsync(saves: 2);
        (await _run.Thread.Log.ReadCheckpointsAsync(_run.Thread.Thread, CancellationToken.None)).Should().NotBeEmpty();

        await _run.Sink.CompletePartAsync(CancellationToken.None);

        (await _run.Thread.Log.ReadCheckpointsAsync(_run.Thread.Thread, CancellationToken.None)).Should().BeEmpty();
    }

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    /// <summary>Speaks, each time late enough, until so many saves were begun, and waits until they are over.</summary>
    private async Task SpeakUntilAsync(int saves)
    {
        using var deadline = Deadline.Source();
        while (Saves.Count() < saves)
        {
            deadline.Token.ThrowIfCancellationRequested();
            _clock.Advance(RunBench.Interval);
            await _run.WriteTextAsync("more ");
            using var afterTheSave = await _run.Thread.Writer.EnterAsync();
        }
    }
}
