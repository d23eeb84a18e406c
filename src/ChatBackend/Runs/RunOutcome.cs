using ChatBackend.Protocol;

namespace ChatBackend.Runs;

/// <summary>How a run ended.</summary>
internal abstract record RunOutcome
{
    private RunOutcome()
    {
    }

    /// <summary>For logs and the metric <c>chat_runs_ended_total</c>.</summary>
    public abstract string Outcome { get; }

    public sealed record Completed(AnswerFinish Finish) : RunOutcome
    {
        public override string Outcome => "completed";
    }

    public sealed record Stopped(StopReason Reason) : RunOutcome
    {
        public override string Outcome => "stopped";
    }

    /// <summary>It has no end: it waits for a decision, and goes on in the next process.</summary>
    public sealed record Suspended : RunOutcome
    {
        public static readonly Suspended Instance = new();

        public override string Outcome => "suspended";
    }

    /// <param name="Message">For people: no exception text, no other user's data.</param>
    /// <param name="RetryAfter">When the message may be sent again; null when that is not known.</param>
    public sealed record Failed(RunFailure Code, string Message, bool Retryable, TimeSpan? RetryAfter = null) : RunOutcome
    {
        public override string Outcome => Code == RunFailure.Interrupted ? "interrupted" : "failed";

        public static readonly Failed Interrupted =
            new(RunFailure.Interrupted, "The server stopped before the answer was complete. Send the message again.", Retryable: true);
    }
}
