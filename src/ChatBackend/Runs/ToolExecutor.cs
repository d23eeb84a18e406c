using System.Runtime.InteropServices;
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
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    /// <param name="arguments">What is recorded is what the tool gets; null when they cannot be recorded.</param>
    /// <param name="mistake">Why the call cannot be made; null when it can.</param>
    /// <param name="refusal">Why the call is not made; null when it is.</param>
    public async Task<ToolCompleted> ExecuteAsync(
        CallId id, string name, AIFunction? tool, JsonElement? arguments, string? mistake, string? refusal, CancellationToken cancellationToken)
    {
        await sink.ToolStartsAsync(id, name, arguments ?? NoArguments, cancellationToken);

        var began = clock.GetTimestamp();
        var (outcome, result, error) = (mistake, refusal) switch
        {
            ({ } why, _) => Failure(why),
            (_, { } why) => (ToolOutcome.Rejected, null, why),
            _ => await InvokeAsync(id, tool!, arguments!.Value, cancellationToken),
        };
        var completed = Completed(id, name, began, outcome, result, error);
        await sink.ToolEndedAsync(completed, cancellationToken);
        await hooks.CalledAsync(new ChatToolResult(new ChatToolCall(run, id, name, arguments ?? NoArguments), completed));
        return completed;
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

    private async Task<(ToolOutcome, JsonElement?, string?)> InvokeAsync(CallId id, AIFunction tool, JsonElement given, CancellationToken cancellationToken)
    {
        // An agent has a time of its own, which stands still while it waits for approval.
        var limit = tool.GetService<AgentTool>() is null ? tool.GetService<ChatTool>()?.Timeout ?? options.ToolTimeout : Timeout.InfiniteTimeSpan;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var progress = new ToolProgressReports((text, fraction) => sink.ReportProgress(id, text, fraction), clock);
        Task<object?>? pending = null;
        try
        {
            var arguments = new AIFunctionArguments(given.Deserialize<Dictionary<string, object?>>(ToolCallCheck.EventJson))
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
        var json = JsonSerializer.SerializeToElement(result, ToolCallCheck.EventJson);
        return JsonMarshal.GetRawUtf8Value(json).Length <= options.MaxToolBytes
            ? (ToolOutcome.Succeeded, json, null)
            : Failure($"The result is larger than {options.MaxToolBytes} bytes.");
    }

    private static (ToolOutcome, JsonElement?, string?) Failure(string why) => (ToolOutcome.Failed, null, why);

    [LoggerMessage(LogLevel.Warning, "Tool {Tool} failed")]
    private partial void ToolFailed(Exception thrown, string tool);
}
