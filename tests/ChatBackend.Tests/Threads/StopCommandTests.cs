using ChatBackend.Protocol;
using static ChatBackend.Tests.Threads.CommandBench;

namespace ChatBackend.Tests.Threads;

/// <summary>What a stop ends, and why it is refused.</summary>
public sealed class StopCommandTests : IAsyncLifetime
{
    private static readonly (ErrorCode, string) NoSuchRun = (ErrorCode.NoSuchRun, "The thread has no such run, or it has ended.");

    private CommandBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await CommandBench.StartAsync();
        await _bench.Thread.CreateAsync(WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"), WriterBench.Message("msg_2", WhenRunning.Queue));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("run_1", null, true)]
    [InlineData(null, "msg_1", true)]
    [InlineData("run_1", "msg_1", true)]
    [InlineData("run_2", null, false)]
    [InlineData("run_2", "msg_1", false)]
    [InlineData(null, "msg_9", false)]
    [InlineData("run_1", "msg_9", false)]
    public async Task The_open_run_is_ended_if_it_is_the_one_that_is_meant(string? run, string? message, bool isMeant)
    {
        var command = _bench.Stop(run: run, message: message);
        if (!isMeant)
        {
            (await RefusalOfAsync(() => _bench.Commands.StopAsync(command))).Should().Be(NoSuchRun);
            return;
        }

        var effect = await _bench.Commands.StopAsync(command);

        AckOf(effect).Should().Be(new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = _bench.Thread.Thread, RunId = new RunId("run_1") });
        (effect.IsNew, effect.Stops, effect.Reply.Thread, effect.Reply.Seq).Should().Be((true, StopReason.User, _bench.Thread.Thread, 0));
        (await _bench.Thread.EventsAsync()).Should().HaveCount(3, "the run itself writes how it ended");
        await _bench.Thread.AppendAsync(WriterBench.Answered("run_1"));
        await _bench.AssertRepeatedAsync(effect, () => _bench.Commands.StopAsync(command));
        (await RefusalOfAsync(() => _bench.Commands.StopAsync(command with { Id = new ClientFrameId("s2") }))).Should().Be(NoSuchRun);
    }

    [Fact]
    public async Task A_stop_that_is_sent_again_ends_the_run_that_it_was_for_and_no_later_one()
    {
        var first = await _bench.Commands.StopAsync(_bench.Stop());

        var again = await _bench.Commands.StopAsync(_bench.Stop());
        (again.IsNew, again.Stops, AckOf(again).RunId).Should().Be((false, StopReason.User, AckOf(first).RunId));
        await _bench.Thread.AppendAsync(WriterBench.Answered("run_1"), WriterBench.Started("run_2", "msg_2"));
        var late = await _bench.Commands.StopAsync(_bench.Stop());

        (late.IsNew, late.Stops, AckOf(late).RunId!.Value.Value).Should().Be((false, null, "run_1"));
    }

    [Fact]
    public async Task A_message_that_waits_is_taken_back()
    {
        var command = _bench.Stop(message: "msg_2");

        var effect = await _bench.Commands.StopAsync(command);

        AckOf(effect).Should().Be(new Ack { Id = command.Id, Status = AckStatus.Accepted, ThreadId = _bench.Thread.Thread, Seq = 4, MessageId = new MessageId("msg_2") });
        (effect.IsNew, effect.Stops, effect.Reply.Seq).Should().Be((true, null, 4));
        (await _bench.Thread.EventsAsync())[^1].Should().BeOfType<MessageRemoved>().Which.MessageId.Value.Should().Be("msg_2");
        await _bench.AssertRepeatedAsync(effect, () => _bench.Commands.StopAsync(command));
        (await RefusalOfAsync(() => _bench.Commands.StopAsync(command with { Message = null, Run = new RunId("run_9") }))).Code.Should().Be(ErrorCode.IdConflict);
    }

    [Fact]
    public async Task In_a_thread_that_is_not_the_users_only_a_retry_is_answered()
    {
        var first = await _bench.Commands.StopAsync(_bench.Stop());
        (await RefusalOfAsync(() => _bench.Commands.StopAsync(_bench.Stop() with { User = UserId.New() }))).Code.Should().Be(ErrorCode.NotFound);
        await _bench.Thread.Writer.DeleteAsync(_bench.Thread.Store, _bench.Owner);

        await _bench.AssertRepeatedAsync(first, () => _bench.Commands.StopAsync(_bench.Stop()));
        (await RefusalOfAsync(() => _bench.Commands.StopAsync(_bench.Stop("s2")))).Code.Should().Be(ErrorCode.NotFound);
    }
}
