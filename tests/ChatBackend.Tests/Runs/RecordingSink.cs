using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Runs;

/// <summary>Takes all that a run puts out, keeps it in order, and gives it what the test says.</summary>
internal sealed class RecordingSink : IRunSink
{
    private const int Turns = 200;

    private readonly List<string> _calls = [];
    private readonly List<string> _overlaps = [];
    private string? _underWay;

    public Queue<IReadOnlyList<string>> Steered { get; } = new();

    /// <summary>What is decided next, of the calls in the order they were asked for; null: nobody decides in time.</summary>
    public Queue<(int Call, ApprovalDecided? Decided)> Decisions { get; } = new();

    public List<ApprovalRequired> Asked { get; } = [];

    public List<ToolCompleted> Ended { get; } = [];

    public List<(RunOutcome End, TokenUsage? Usage)> Ends { get; } = [];

    /// <summary>What is to be stored beside the events, in order; null where another answer began.</summary>
    public List<StepRecord?> Kept { get; } = [];

    /// <summary>The end is recorded only then.</summary>
    public Task Ending { get; set; } = Task.CompletedTask;

    /// <summary>A decision comes only then.</summary>
    public TaskCompletionSource? Deciding { get; set; }

    /// <summary>Looked at before each call is taken.</summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>One after the other: each was awaited before the next.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_calls)
            {
                _overlaps.Should().BeEmpty("what a run puts out is in order");
                return [.. _calls];
            }
        }
    }

    public ValueTask WriteTextAsync(PartKind kind, string text, CancellationToken cancellationToken) => new(Add($"{kind} {text}"));

    public void Keep(StepRecord? record) => Kept.Add(record);

    public Task CompletePartAsync(CancellationToken cancellationToken) => Add("end part");

    public async Task<IReadOnlyList<string>> TakeSteeredAsync(CancellationToken cancellationToken)
    {
        await Add("take");
        return Steered.TryDequeue(out var texts) ? texts : [];
    }

    public Task FallBackAsync(string agent, RunFailure code, CancellationToken cancellationToken) => Add($"fall back to {agent}: {code}");

    public Task TrimContextAsync(AgentContextTrimmed trimmed, CancellationToken cancellationToken) => Add($"trim {trimmed.Exchanges} and {trimmed.Results}");

    public INestedRunSink Nest(RunId nested) => throw new InvalidOperationException();

    public void ReportProgress(CallId call, string text, double? fraction) => throw new InvalidOperationException();

    public Task RequestApprovalAsync(IReadOnlyList<ApprovalRequired> calls, TimeSpan given, CancellationToken cancellationToken)
    {
        Asked.AddRange(calls);
        return Add($"ask {string.Join(',', calls.Select(call => call.Tool))} {given}");
    }

    public async Task<(CallId Call, ApprovalDecided? Decided)> NextDecisionAsync(
        IReadOnlyCollection<CallId> calls, Func<CallId, ToolCompleted> tooLate, CancellationToken cancellationToken)
    {
        await Add("decide");
        if (Deciding is { } deciding)
        {
            await deciding.Task.WaitAsync(cancellationToken);
        }

        var (call, decided) = Decisions.Dequeue();
        if (decided is null)
        {
            Ended.Add(tooLate(Asked[call].CallId));
        }

        return (Asked[call].CallId, decided);
    }

    public Task ToolStartsAsync(CallId call, string tool, JsonElement arguments, CancellationToken cancellationToken) => Add($"start {tool} {JsonSerializer.Serialize(arguments)}");

    public Task ToolEndedAsync(ToolCompleted completed, WholeResult? result, CancellationToken cancellationToken)
    {
        Ended.Add(completed);
        return Add($"ended {completed.Tool} {completed.Outcome}");
    }

    public async Task<RunOutcome?> EndAsync(RunOutcome end, TokenUsage? usage)
    {
        Ends.Add((end, usage));
        await Add($"end {end.Outcome}");
        await Ending;
        return end;
    }

    public Task ReleaseAsync() => Add("release");

    private async Task Add(string call)
    {
        lock (_calls)
        {
            _calls.Add(call);
            if (_underWay is { } earlier)
            {
                _overlaps.Add($"{earlier} and {call}");
            }

            _underWay = call;
        }

        try
        {
            Before(call);
            for (var turn = 0; turn < Turns; turn++)
            {
                await Task.Yield(); // as a commit takes its time: what does not wait for it overtakes it
            }
        }
        finally
        {
            lock (_calls)
            {
                _underWay = null;
            }
        }
    }
}
