using System.Text;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Calls tools for a run. Each call that begins is recorded as ended, whatever the tool does.</summary>
internal sealed partial class ToolCalls(
    Agent agent, IRunSink sink, IServiceProvider services, List<Task> stragglers, RunOptions options, TimeProvider clock, ILogger logger)
{
    // An event nests arguments and results one level deeper, and a client reads it with the depth that frames have.
    private static readonly JsonSerializerOptions EventJson = new(AIJsonUtilities.DefaultOptions) { MaxDepth = ChatProtocol.MaxDepth - 2 };
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    /// <returns>What the model is told.</returns>
    public async Task<object?> CallAsync(FunctionCallContent call, CancellationToken cancellationToken)
    {
        var id = CallId.New();
        var arguments = ArgumentsOf(call);
        await sink.ToolStartsAsync(id, call.Name, arguments ?? NoArguments, cancellationToken);

        var began = clock.GetTimestamp();
        var (outcome, result, error) = arguments is null
            ? Failure($"The arguments are larger than {options.MaxToolBytes} bytes, nest too deep or are not JSON.")
            : await InvokeAsync(call, cancellationToken);
        await sink.ToolEndedAsync(
            new ToolCompleted
            {
                RunId = default,
                CallId = id,
                Tool = call.Name,
                Outcome = outcome,
                Result = result,
                Error = error,
                DurationMs = (long)clock.GetElapsedTime(began).TotalMilliseconds,
            },
            cancellationToken);
        return result is { } value ? value : new { error };
    }

    private async Task<(ToolOutcome, JsonElement?, string?)> InvokeAsync(FunctionCallContent call, CancellationToken cancellationToken)
    {
        if (agent.FindTool(call) is not { } tool)
        {
            return Failure("There is no tool of that name.");
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<object?>? pending = null;
        try
        {
            var arguments = new AIFunctionArguments(call.Arguments) { Services = services };
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
            ToolFailed(thrown, call.Name);
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
