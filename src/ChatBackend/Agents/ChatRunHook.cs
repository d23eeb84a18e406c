namespace ChatBackend.Agents;

/// <summary>
/// Is called at the stages of every run that answers a message, and at the tool calls of those nested in it (<see cref="ChatRunContext.ParentRunId"/>). Added with
/// <c>AddRunHook</c>, made in the run's scope, one for each run; several are called in the order in which they were added. <see cref="ChatRunContext.CancellationToken"/> ends what takes too long.
/// </summary>
public abstract class ChatRunHook
{
    /// <summary>
    /// Before the model is asked the first time; in a run that goes on after a restart of the server, before it is asked again. What this throws ends the run as
    /// <c>agent_failed</c> <c>internal</c>.
    /// </summary>
    public virtual ValueTask RunStartingAsync(ChatRunStart run) => ValueTask.CompletedTask;

    /// <summary>Before a tool is called, and before anybody is asked to approve the call. What this throws fails the call.</summary>
    /// <returns>Null to let the call pass; else why it is not made, for the model and the user.</returns>
    public virtual ValueTask<string?> ToolCallingAsync(ChatToolCall call) => ValueTask.FromResult<string?>(null);

    /// <summary>After a call has ended, however it did, and its end is stored. What this throws is logged.</summary>
    public virtual ValueTask ToolCalledAsync(ChatToolResult result) => ValueTask.CompletedTask;

    /// <summary>
    /// After the run's terminal event is stored, once, in the process that stored it; a run whose process died has no such call. What this throws is logged. It may
    /// take as long as one tool call.
    /// </summary>
    public virtual ValueTask RunEndedAsync(ChatRunEnd end) => ValueTask.CompletedTask;
}
