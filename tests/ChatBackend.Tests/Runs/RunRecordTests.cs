using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;

namespace ChatBackend.Tests.Runs;

/// <summary>Small promises of a run: its options, its ends, its digest.</summary>
public sealed class RunRecordTests
{
    [Fact]
    public void What_is_not_configured_is_what_the_options_say()
    {
        var options = new RunOptions();

        (options.Timeout, options.ToolTimeout, options.ApprovalTimeout, options.StopBound, options.CheckpointInterval, options.DrainBound)
            .Should().Be((TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(2), TimeSpan.FromHours(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)));
        (options.MaxSteps, options.MaxOutputCharacters, options.MaxToolBytes, options.HistoryEvents, options.HistoryMiB).Should().Be((100, 400_000, 131_072, 400, 64));
    }

    [Fact]
    public void Each_end_has_its_name_in_logs_and_metrics()
    {
        new RunOutcome[]
        {
            new RunOutcome.Completed(AnswerFinish.Complete), new RunOutcome.Stopped(StopReason.User), RunOutcome.Suspended.Instance, RunOutcome.Failed.Interrupted, new RunOutcome.Failed(RunFailure.Timeout, "late", Retryable: true),
        }.Select(end => end.Outcome).Should().Equal("completed", "stopped", "suspended", "interrupted", "failed");
        (RunOutcome.Failed.Interrupted.Code, RunOutcome.Failed.Interrupted.Retryable).Should().Be((RunFailure.Interrupted, true));
    }

    [Fact]
    public void The_digest_of_a_call_is_the_same_in_every_version()
    {
        // A call that waits over an upgrade is decided by the digest that its people were shown before.
        ArgumentsDigest.Of("mail", JsonElement.Parse("""{"b":[{"d":1,"c":null}],"a":"é"}""")).Should().Be("sha256:31e72f95f1414031132dc46b0740b243c88f731e65f3b2dfb38bb7eb4b6c4cfb");
    }
}
