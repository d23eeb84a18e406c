using System.Text;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Calls tools for a run. Each call that begins is recorded as ended, whatever the tool does; one that needs approval begins only with it.</summary>
internal sealed partial class ToolInvoker(
    Agent agent, ToolApproval approval, IRunSink sink, IServiceProvider services, RunDeadline budget, List<Task> stragglers,
    RunOptions options, TimeProvider clock, ILogger logger)
{
    // An event nests arguments and results one level deeper, and a client reads it with the depth that frames have. Measured as it is stored: not indented.
    private static readonly JsonSerializerOptions EventJson = new(AIJsonUtilities.DefaultOptions) { MaxDepth = ChatProtocol.MaxDepth - 2, WriteIndented = false };
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    /// <summary>
    /// The calls of one step: those that need no approval first, then the others, asked for together and made as each is decided. So a process
    /// that dies while they wait loses none.
    /// </summary>
    /// <returns>What the model is told, in the order of the calls.</returns>
    public async Task<IList<AIContent>> CallAsync(IReadOnlyList<FunctionCallContent> calls, Turn turn, CancellationToken cancellationToken)
    {
        var results = new Dictionary<FunctionCallContent, object?>(ReferenceEqualityComparer.Instance);
        var asked = new List<AskedCall>();
        foreach (var call in calls)
        {
            var arguments = ArgumentsOf(call);
            var tool = agent.FindTool(call, turn);
            if (tool is null || arguments is not { } known || !approval.IsNeededFor(tool))
            {
                results[call] = await ExecuteAsync(CallId.New(), call.Name, tool, arguments, cancellationToken);
            }
            else
            {
                asked.Add(new AskedCall(Required(call, known), call, tool, clock.GetTimestamp()));
            }
        }

        if (asked.Count > 0)
        {
            await sink.RequestApprovalAsync([.. asked.Select(call => call.Required)], options.ApprovalTimeout, cancellationToken);
            await DecideAsync(asked, results, cancellationToken);
        }

        return [.. calls.Select(call => new FunctionResultContent(call.CallId, results[call]))];
    }

    /// <summary>Goes on with calls that were asked for in an earlier process.</summary>
    /// <returns>What the model is told.</returns>
    public async Task<IList<AIContent>> ResumeAsync(
        IReadOnlyList<ApprovalRequired> pending, IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        var turn = Turn.Of(conversation);
        var known = conversation.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToLookup(call => call.CallId);
        var asked = pending
            .Select(required => (Required: required, Call: known[required.CallId.Value].Last()))
            .Select(call => new AskedCall(call.Required, call.Call, agent.FindTool(call.Call, turn), clock.GetTimestamp()))
            .ToList();
        var results = new Dictionary<FunctionCallContent, object?>(ReferenceEqualityComparer.Instance);
        var calls = asked.ConvertAll(call => call.Call);
        await DecideAsync(asked, results, cancellationToken);
        return [.. calls.Select(call => new FunctionResultContent(call.CallId, results[call]))];
    }

    private static ApprovalRequired Required(FunctionCallContent call, JsonElement arguments) => new()
    {
        RunId = default,
        CallId = CallId.New(),
        Tool = call.Name,
        Arguments = arguments,
        ArgumentsDigest = ArgumentsDigest.Of(call.Name, arguments),
        ExpiresAt = default,
    };

    /// <summary>Makes each call once it is decided, in whichever order that is.</summary>
    private async Task DecideAsync(List<AskedCall> asked, Dictionary<FunctionCallContent, object?> results, CancellationToken cancellationToken)
    {
        while (asked.Count > 0)
        {
            AskedCall Find(CallId id) => asked.Single(call => call.Required.CallId == id);
            (CallId Call, ApprovalDecided? Decided) next;
            using (budget.Pause())
            {
                next = await sink.NextDecisionAsync(id => TooLate(Find(id)), cancellationToken);
            }

            var call = Find(next.Call);
            results[call.Call] = await CarryOutAsync(call, next.Decided, cancellationToken);
            asked.Remove(call);
        }
    }

    private async Task<object?> CarryOutAsync(AskedCall call, ApprovalDecided? decided, CancellationToken cancellationToken)
    {
        var required = call.Required;
        switch (decided?.Decision)
        {
            case ApprovalDecision.Approve:
                return await ExecuteAsync(required.CallId, required.Tool, call.Tool, required.Arguments, cancellationToken);
            case ApprovalDecision.Reject:
                var rejected = Completed(
                    required.CallId, required.Tool, call.AskedAt, ToolOutcome.Rejected, null,
                    decided.Note is { } note ? $"The user rejected the call: {note}" : "The user rejected the call.");
                await sink.ToolEndedAsync(rejected, cancellationToken);
                return new { error = rejected.Error };
            default:
                return new { error = TooLate(call).Error };
        }
    }

    private ToolCompleted TooLate(AskedCall call) => Completed(
        call.Required.CallId, call.Required.Tool, call.AskedAt, ToolOutcome.Rejected, null, "The call was not approved in time.");

    /// <param name="arguments">What is recorded is what the tool gets; null when they cannot be recorded.</param>
    private async Task<object?> ExecuteAsync(CallId id, string name, AIFunction? tool, JsonElement? arguments, CancellationToken cancellationToken)
    {
        await sink.ToolStartsAsync(id, name, arguments ?? NoArguments, cancellationToken);

        var began = clock.GetTimestamp();
        var (outcome, result, error) = (tool, arguments) switch
        {
            (_, null) => Failure($"The arguments are larger than {options.MaxToolBytes} bytes, nest too deep or are not JSON."),
            (null, _) => Failure("No tool has that name."),
            ({ } known, { } given) => await InvokeAsync(known, given, cancellationToken),
        };
        await sink.ToolEndedAsync(Completed(id, name, began, outcome, result, error), cancellationToken);
        return result is { } value ? value : new { error };
    }

    private async Task<(ToolOutcome, JsonElement?, string?)> InvokeAsync(AIFunction tool, JsonElement given, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<object?>? pending = null;
        try
        {
            var arguments = new AIFunctionArguments(given.Deserialize<Dictionary<string, object?>>(EventJson)) { Services = services };
            pending = tool.InvokeAsync(arguments, timeout.Token).AsTask();
            // The deadline holds for a tool that ignores its token, too.
            var result = await pending.WaitAsync(options.ToolTimeout, clock, cancellationToken);
            return Bounded(result);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException)
        {
            await timeout.CancelAsync();
            return Failure($"The tool took longer than {options.ToolTimeout.TotalSeconds:0} s.");
        }
        catch (Exception ex)
        {
            ToolFailed(ex, tool.Name);
            return Failure(ex is ToolException told ? told.Message : "The tool failed.");
        }
        finally
        {
            if (pending is { IsCompleted: false })
            {
                stragglers.Add(pending);
            }
        }
    }

    private ToolCompleted Completed(CallId id, string tool, long began, ToolOutcome outcome, JsonElement? result, string? error) => new()
    {
        RunId = default,
        CallId = id,
        Tool = tool,
        Outcome = outcome,
        Result = result,
        Error = error,
        DurationMs = (long)clock.GetElapsedTime(began).TotalMilliseconds,
    };

    private (ToolOutcome, JsonElement?, string?) Bounded(object? result)
    {
        var json = JsonSerializer.SerializeToElement(result, EventJson);
        return Encoding.UTF8.GetByteCount(json.GetRawText()) <= options.MaxToolBytes
            ? (ToolOutcome.Succeeded, json, null)
            : Failure($"The result is larger than {options.MaxToolBytes} bytes.");
    }

    /// <summary>Null when they cannot stand in an event.</summary>
    private JsonElement? ArgumentsOf(FunctionCallContent call)
    {
        if (call.Exception is not null)
        {
            return null;
        }

        try
        {
            var json = JsonSerializer.SerializeToElement(call.Arguments ?? new Dictionary<string, object?>(), EventJson);
            return Encoding.UTF8.GetByteCount(json.GetRawText()) <= options.MaxToolBytes ? json : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static (ToolOutcome, JsonElement?, string?) Failure(string why) => (ToolOutcome.Failed, null, why);

    [LoggerMessage(LogLevel.Warning, "Tool {Tool} failed")]
    private partial void ToolFailed(Exception thrown, string tool);

    private sealed record AskedCall(ApprovalRequired Required, FunctionCallContent Call, AIFunction? Tool, long AskedAt);
}
