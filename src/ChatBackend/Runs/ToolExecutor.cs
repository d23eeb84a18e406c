using System.Diagnostics;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Makes one tool call: recorded when it begins and when it has ended, in every case, and held to its time and its size.</summary>
internal sealed partial class ToolExecutor(
    IRunSink sink, ChatRunContext run, RunHooks hooks, Stragglers stragglers, RunOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    private readonly ToolResults _results = new(options);

    /// <param name="arguments">What is recorded is what the tool gets; null when they cannot be recorded.</param>
    /// <param name="mistake">Why the call cannot be made; null when it can.</param>
    /// <param name="refusal">Why the call is not made; null when it is.</param>
    public async Task<ToolCompleted> ExecuteAsync(
        CallId id, string name, AIFunction? tool, JsonElement? arguments, string? mistake, string? refusal, CancellationToken cancellationToken)
    {
        using var span = ChatTraces.StartTool(tool?.Name, id);
        var content = span.WithContent(options);
        content?.AddArguments(arguments ?? NoArguments);
        await sink.ToolStartsAsync(id, name, arguments ?? NoArguments, cancellationToken);

        var began = clock.GetTimestamp();
        var result = (mistake, refusal) switch
        {
            ({ } why, _) => ToolResult.Failed(why),
            (_, { } why) => new ToolResult(ToolOutcome.Rejected, null, why),
            _ => await InvokeAsync(id, tool!, arguments!.Value, cancellationToken),
        };
        if (result.Outcome != ToolOutcome.Succeeded)
        {
            span?.Fail(result.Outcome);
        }

        var completed = Completed(id, name, began, result);
        content?.AddResult(completed);
        await sink.ToolEndedAsync(completed, result.Whole is { } whole ? WholeResult.Of(id, whole) : null, cancellationToken);
        await hooks.CalledAsync(new ChatToolResult(new ChatToolCall(run, id, name, arguments ?? NoArguments), completed));
        return completed;
    }

    public ToolCompleted Completed(CallId id, string tool, long began, ToolResult result) => new()
    {
        RunId = default,
        CallId = id,
        Tool = tool,
        Outcome = result.Outcome,
        Result = result.Shown,
        ResultBytes = result.Whole?.Length,
        Error = result.Error,
        DurationMs = (long)clock.GetElapsedTime(began).TotalMilliseconds,
    };

    private async Task<ToolResult> InvokeAsync(CallId id, AIFunction tool, JsonElement given, CancellationToken cancellationToken)
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
            return _results.Of(await pending.WaitAsync(limit, clock, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Activity.Current?.Fail("abandoned"); // the tool's
            throw;
        }
        catch (TimeoutException) when (pending is { IsCompleted: false })
        {
            return ToolResult.Failed($"The tool took longer than {limit.TotalSeconds:0.###} s.");
        }
        catch (Exception ex)
        {
            ToolFailed(ex, tool.Name);
            return ToolResult.Failed(ex is ChatToolException told ? told.Message : "The tool failed.");
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

    [LoggerMessage(LogLevel.Warning, "Tool {Tool} failed")]
    private partial void ToolFailed(Exception thrown, string tool);
}
