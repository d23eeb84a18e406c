using System.Text;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Calls tools for a run. Each call that begins is recorded as ended, whatever the tool does; one that needs approval begins only with it.</summary>
internal sealed partial class ToolCalls(
    Agent agent, ToolApproval approval, IRunSink sink, IServiceProvider services, RunBudget budget, List<Task> stragglers,
    RunOptions options, TimeProvider clock, ILogger logger)
{
    // An event nests arguments and results one level deeper, and a client reads it with the depth that frames have.
    private static readonly JsonSerializerOptions EventJson = new(AIJsonUtilities.DefaultOptions) { MaxDepth = ChatProtocol.MaxDepth - 2 };
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    /// <returns>What the model is told.</returns>
    public async Task<object?> CallAsync(FunctionCallContent call, Turn turn, CancellationToken cancellationToken)
    {
        var arguments = ArgumentsOf(call);
        var tool = agent.FindTool(call, turn);
        if (tool is null || arguments is not { } known || !approval.IsNeededFor(tool))
        {
            return await ExecuteAsync(CallId.New(), call.Name, tool, arguments, cancellationToken);
        }

        var required = new ApprovalRequired
        {
            RunId = default,
            CallId = CallId.New(),
            Tool = call.Name,
            Arguments = known,
            ArgumentsDigest = ArgumentsDigest.Of(call.Name, known),
            ExpiresAt = clock.GetUtcNow() + options.ApprovalTimeout,
        };
        await sink.AskAsync(required, cancellationToken);
        return await DecidedAsync(required, tool, cancellationToken);
    }

    /// <summary>Goes on with a call that was asked for in an earlier process.</summary>
    /// <returns>What the model is told.</returns>
    public Task<object?> ResumeAsync(ApprovalRequired required, FunctionCallContent call, Turn turn, CancellationToken cancellationToken) =>
        DecidedAsync(required, agent.FindTool(call, turn), cancellationToken);

    private async Task<object?> DecidedAsync(ApprovalRequired required, AIFunction? tool, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var tooLate = Completed(required.CallId, required.Tool, began, ToolOutcome.Rejected, null, "Nobody approved the call in time.");
        ApprovalDecided? decided;
        using (budget.Pause())
        {
            decided = await sink.DecisionAsync(required, tooLate, cancellationToken);
        }

        switch (decided?.Decision)
        {
            case ApprovalDecision.Approve:
                return await ExecuteAsync(required.CallId, required.Tool, tool, required.Arguments, cancellationToken);
            case ApprovalDecision.Reject:
                var rejected = Completed(
                    required.CallId, required.Tool, began, ToolOutcome.Rejected, null,
                    decided.Note is { } note ? $"The user rejected the call: {note}" : "The user rejected the call.");
                await sink.ToolEndedAsync(rejected, cancellationToken);
                return new { error = rejected.Error };
            default:
                return new { error = tooLate.Error };
        }
    }

    /// <param name="arguments">What is recorded is what the tool gets; null when they cannot be recorded.</param>
    private async Task<object?> ExecuteAsync(CallId id, string name, AIFunction? tool, JsonElement? arguments, CancellationToken cancellationToken)
    {
        await sink.ToolStartsAsync(id, name, arguments ?? NoArguments, cancellationToken);

        var began = clock.GetTimestamp();
        var (outcome, result, error) = (tool, arguments) switch
        {
            (_, null) => Failure($"The arguments are larger than {options.MaxToolBytes} bytes, nest too deep or are not JSON."),
            (null, _) => Failure("There is no tool of that name."),
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
        catch (Exception thrown)
        {
            ToolFailed(thrown, tool.Name);
            return Failure(thrown is ToolException told ? told.Message : "The tool failed.");
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
}
