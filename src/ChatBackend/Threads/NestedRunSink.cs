using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;

namespace ChatBackend.Threads;

/// <summary>
/// Takes the output of a run that another one called as a tool: into the same thread, with the other's id on each event. Its text comes in whole parts,
/// since a thread has one part in flight. Where the run around it ends first, that one's terminal events end this one, too.
/// </summary>
internal sealed class NestedRunSink(
    RunId run, RunId parent, RunCommits commits, RunCalls calls, Func<ThreadState, Task<ThreadEvent?>> titleAsync, TimeProvider clock) : INestedRunSink
{
    private readonly StringBuilder _part = new();
    private readonly long _startedAt = clock.GetTimestamp();
    private PartKind _kind;
    private volatile bool _isOver;

    public string Said { get; private set; } = "";

    public Task StartAsync(string agent, CancellationToken cancellationToken) => commits.CommitAsync(
        state => [new AgentStarted { RunId = run, ParentRunId = parent, Agent = agent, MessageId = state.Run!.Answers }], cancellationToken);

    public async ValueTask WriteTextAsync(PartKind kind, string text, CancellationToken cancellationToken)
    {
        ThrowIfOver();
        if (_kind != kind)
        {
            await CompletePartAsync(cancellationToken);
            _kind = kind;
        }

        _part.Append(text);
    }

    public async Task CompletePartAsync(CancellationToken cancellationToken)
    {
        ThrowIfOver();
        if (_part.Length > 0)
        {
            var part = new AgentPart { RunId = run, ParentRunId = parent, PartId = PartId.New(), Kind = _kind, Text = TakePart() };
            await commits.CommitAsync(_ => [part], cancellationToken);
        }
    }

    /// <summary>What a user sends meanwhile is for the run around it.</summary>
    public Task<IReadOnlyList<string>> TakeSteeredAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public Task RequestApprovalAsync(IReadOnlyList<ApprovalRequired> asked, TimeSpan given, CancellationToken cancellationToken) =>
        calls.RequestApprovalAsync(asked, given, titleAsync, cancellationToken);

    public Task<(CallId Call, ApprovalDecided? Decided)> NextDecisionAsync(
        IReadOnlyCollection<CallId> of, Func<CallId, ToolCompleted> tooLate, CancellationToken cancellationToken) => calls.NextDecisionAsync(of, tooLate, cancellationToken);

    public Task FallBackAsync(string agent, RunFailure code, CancellationToken cancellationToken)
    {
        ThrowIfOver();
        return calls.FallBackAsync(agent, code, cancellationToken);
    }

    public Task TrimContextAsync(AgentContextTrimmed trimmed, CancellationToken cancellationToken)
    {
        ThrowIfOver();
        return calls.TrimContextAsync(trimmed, cancellationToken);
    }

    /// <summary>Its conversation ends with it: no later run is shown it.</summary>
    public void Keep(StepRecord? record)
    {
    }

    public Task ToolStartsAsync(CallId call, string tool, JsonElement arguments, CancellationToken cancellationToken)
    {
        ThrowIfOver();
        return calls.StartsAsync(call, tool, arguments, cancellationToken);
    }

    public Task ToolEndedAsync(ToolCompleted completed, WholeResult? result, CancellationToken cancellationToken)
    {
        ThrowIfOver();
        return calls.EndedAsync(completed, result, cancellationToken);
    }

    public void ReportProgress(CallId call, string text, double? fraction) => calls.ReportProgress(call, text, fraction);

    public INestedRunSink Nest(RunId nested) => throw new NotSupportedException("A run that is nested has no agents to call.");

    public async Task<RunOutcome?> EndAsync(RunOutcome end, TokenUsage? usage)
    {
        _isOver = true;
        var isText = _kind == PartKind.Text;
        var (text, kind) = (TakePart(), _kind);
        var part = PartId.New();
        Said = isText ? text : "";
        var terminal = TerminalEvents.NestedEnd(run, parent, end, isText && text.Length > 0 ? part : null, Said, usage, clock.GetElapsedTime(_startedAt));
        await commits.CommitAsync(
            state =>
            [
                .. text.Length > 0 && !isText ? [new AgentPart { RunId = run, ParentRunId = parent, PartId = part, Kind = kind, Text = text }] : Array.Empty<ThreadEvent>(),
                .. TerminalEvents.CallsOf(run, state.Run!, state.LastAt),
                terminal,
            ],
            CancellationToken.None);
        return end;
    }

    public Task ReleaseAsync() => Task.CompletedTask;

    /// <summary>Half a surrogate pair cannot stand in an event.</summary>
    private string TakePart()
    {
        var text = _part.ToString();
        _part.Clear();
        return text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text[..^1] + "\uFFFD" : text;
    }

    /// <summary>What a model that ignored its cancellation says when it has ended is not taken.</summary>
    private void ThrowIfOver()
    {
        if (_isOver)
        {
            throw new RunLostException();
        }
    }
}
