using System.Text;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Makes one tool call: recorded when it begins and when it has ended, in every case, and held to its time and its size.</summary>
internal sealed partial class ToolExecutor(
    IRunSink sink, ChatRunContext run, RunHooks hooks, Stragglers stragglers, RunOptions options, TimeProvider clock, ILogger logger)
{
    // An event nests arguments and results one level deeper, and a client reads it with the depth that frames have. Measured as it is stored: not indented.
    private static readonly JsonSerializerOptions EventJson = new(AIJsonUtilities.DefaultOptions) { MaxDepth = ChatProtocol.MaxDepth - 2, WriteIndented = false };
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    /// <param name="arguments">What is recorded is what the tool gets; null when they cannot be recorded.</param>
    /// <param name="refusal">Why the call is not made; null when it is.</param>
    /// <returns>What the model is told.</returns>
    public async Task<object?> ExecuteAsync(CallId id, string name, AIFunction? tool, JsonElement? arguments, string? refusal, CancellationToken cancellationToken)
    {
        await sink.ToolStartsAsync(id, name, arguments ?? NoArguments, cancellationToken);

        var began = clock.GetTimestamp();
        var (outcome, result, error) = (tool, arguments) switch
        {
            (_, null) => Failure($"The arguments are larger than {options.MaxToolBytes} bytes, nest too deep or are not JSON."),
            (null, _) => Failure("No tool has that name."),
            _ when refusal is not null => (ToolOutcome.Rejected, null, refusal),
            ({ } known, { } given) => await InvokeAsync(id, known, given, cancellationToken),
        };
        var completed = Completed(id, name, began, outcome, result, error);
        await sink.ToolEndedAsync(completed, cancellationToken);
        await hooks.CalledAsync(new ChatToolResult(new ChatToolCall(run, id, name, arguments ?? NoArguments), completed));
        return result is { } value ? value : new { error };
    }

    public ToolCompleted Completed(CallId id, string tool, long began, ToolOutcome outcome, JsonElement? result, string? error) => new()
    {
        RunId = default,
        CallId = id,
        Tool = tool,
        Outcome = outcome,
        Result = result,
        Error = error,
        DurationMs = (long)clock.GetElapsedTime(began).TotalMilliseconds,
    };

    /// <returns>Null when they cannot stand in an event.</returns>
    public JsonElement? ArgumentsOf(FunctionCallContent call)
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

    private async Task<(ToolOutcome, JsonElement?, string?)> InvokeAsync(CallId id, AIFunction tool, JsonElement given, CancellationToken cancellationToken)
    {
        // An agent has a time of its own, which stands still while it waits for approval.
        var limit = tool.GetService<AgentTool>() is null ? tool.GetService<ChatTool>()?.Timeout ?? options.ToolTimeout : Timeout.InfiniteTimeSpan;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var progress = new ToolProgressReports((text, fraction) => sink.ReportProgress(id, text, fraction), clock);
        Task<object?>? pending = null;
        try
        {
            var arguments = new AIFunctionArguments(given.Deserialize<Dictionary<string, object?>>(EventJson))
            {
                Services = run.Services,
                Context = new Dictionary<object, object?> { [typeof(ChatRunContext)] = run.ForCall(id, progress.Report, timeout.Token) },
            };
            pending = tool.InvokeAsync(arguments, timeout.Token).AsTask();
            // The deadline holds for a tool that ignores its token, too.
            var result = await pending.WaitAsync(limit, clock, cancellationToken);
            return Bounded(result);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException) when (pending is { IsCompleted: false })
        {
            return Failure($"The tool took longer than {limit.TotalSeconds:0.###} s.");
        }
        catch (Exception ex)
        {
            ToolFailed(ex, tool.Name);
            return Failure(ex is ChatToolException told ? told.Message : "The tool failed.");
        }
        finally
        {
            if (pending is { IsCompleted: false })
            {
                // Also after a stop: what is linked may be let go before it has heard of it.
                await timeout.CancelAsync();
                stragglers.Add(pending);
            }
        }
    }

    private (ToolOutcome, JsonElement?, string?) Bounded(object? result)
    {
        var json = JsonSerializer.SerializeToElement(result, EventJson);
        return Encoding.UTF8.GetByteCount(json.GetRawText()) <= options.MaxToolBytes
            ? (ToolOutcome.Succeeded, json, null)
            : Failure($"The result is larger than {options.MaxToolBytes} bytes.");
    }

    private static (ToolOutcome, JsonElement?, string?) Failure(string why) => (ToolOutcome.Failed, null, why);

    [LoggerMessage(LogLevel.Warning, "Tool {Tool} failed")]
    private partial void ToolFailed(Exception thrown, string tool);
}
