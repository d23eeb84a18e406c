using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Publishing;

namespace ChatBackend.Threads;

/// <summary>What one run, or one nested in it, asks others for: the model of another agent, and tools, with their begin, their end, their approvals and their progress.</summary>
/// <param name="parent">The run that it is nested in; null when it is not.</param>
internal sealed class RunCalls(RunId run, RunId? parent, RunCommits commits, ApprovalWaits waits, ThreadWriter writer, ThreadPublisher publisher)
{
    public Task FallBackAsync(string agent, RunFailure code, CancellationToken cancellationToken) =>
        commits.CommitAsync(_ => [new AgentFallback { RunId = run, ParentRunId = parent, Agent = agent, Code = code }], cancellationToken);

    public Task TrimContextAsync(AgentContextTrimmed trimmed, CancellationToken cancellationToken) =>
        commits.CommitAsync(_ => [trimmed with { RunId = run, ParentRunId = parent }], cancellationToken);

    public Task StartsAsync(CallId call, string tool, JsonElement arguments, CancellationToken cancellationToken) => commits.CommitAsync(
        _ => [new ToolExecuting { RunId = run, ParentRunId = parent, CallId = call, Tool = tool, Arguments = arguments }], cancellationToken);

    public Task EndedAsync(ToolCompleted completed, WholeResult? result, CancellationToken cancellationToken) =>
        commits.CommitAsync(_ => [completed with { RunId = run, ParentRunId = parent }], cancellationToken, result: result);

    public void ReportProgress(CallId call, string text, double? fraction) =>
        publisher.PublishProgress(parent ?? run, call, threadId => new ToolProgress
        {
            ThreadId = threadId, RunId = run, ParentRunId = parent, CallId = call, Text = text, Fraction = fraction,
        });

    /// <param name="titleAsync">The title that the thread gets in the same commit, if any.</param>
    public Task RequestApprovalAsync(
        IReadOnlyList<ApprovalRequired> calls, TimeSpan given, Func<ThreadState, Task<ThreadEvent?>> titleAsync, CancellationToken cancellationToken) => commits.CommitAsync(
        _ =>
        {
            var expiresAt = writer.Now() + given;
            foreach (var call in calls)
            {
                waits.Add(call.CallId, given);
            }

            return [.. calls.Select(call => call with { RunId = run, ParentRunId = parent, ExpiresAt = expiresAt })];
        },
        cancellationToken, titleAsync);

    public async Task<(CallId Call, ApprovalDecided? Decided)> NextDecisionAsync(
        IReadOnlyCollection<CallId> calls, Func<CallId, ToolCompleted> tooLate, CancellationToken cancellationToken)
    {
        var (call, decided) = await waits.NextAsync(calls, cancellationToken);
        if (decided is null)
        {
            // Too late is decided where decisions are: under the writer's lock.
            await commits.CommitAsync(
                state =>
                {
                    decided = state.Run!.Find(call)?.Decided;
                    return decided is null ? [tooLate(call) with { RunId = run, ParentRunId = parent }] : [];
                },
                cancellationToken);
        }

        return (call, decided);
    }
}
