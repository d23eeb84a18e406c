using ChatBackend.Agents;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>The application's hooks, called in turn. What may refuse something fails closed; what only looks on is logged when it throws.</summary>
internal sealed partial class RunHooks(IEnumerable<ChatRunHook> hooks, ILogger logger)
{
    private readonly IReadOnlyList<ChatRunHook> _hooks = [.. hooks];

    public async Task StartingAsync(ChatRunStart run)
    {
        foreach (var hook in _hooks)
        {
            await hook.RunStartingAsync(run).AsTask().WaitAsync(run.Run.CancellationToken);
            if (run.Refusal is not null)
            {
                return;
            }
        }
    }

    /// <returns>Why the call is not made; null when it may be.</returns>
    public async Task<string?> CallingAsync(ChatToolCall call)
    {
        foreach (var hook in _hooks)
        {
            try
            {
                if (await hook.ToolCallingAsync(call).AsTask().WaitAsync(call.Run.CancellationToken) is { } refusal)
                {
                    return refusal;
                }
            }
            catch (Exception ex) when (!call.Run.CancellationToken.IsCancellationRequested)
            {
                Failed(ex, hook.GetType().Name, nameof(ChatRunHook.ToolCallingAsync));
                return "The tool was not called: a check of it failed.";
            }
        }

        return null;
    }

    public Task CalledAsync(ChatToolResult result) =>
        TellAsync(hook => hook.ToolCalledAsync(result), nameof(ChatRunHook.ToolCalledAsync), result.Call.Run.CancellationToken);

    public Task EndedAsync(ChatRunEnd end) => TellAsync(hook => hook.RunEndedAsync(end), nameof(ChatRunHook.RunEndedAsync), end.Run.CancellationToken);

    private async Task TellAsync(Func<ChatRunHook, ValueTask> tell, string what, CancellationToken cancellationToken)
    {
        foreach (var hook in _hooks)
        {
            try
            {
                await tell(hook).AsTask().WaitAsync(cancellationToken);
            }
            catch (Exception ex)
            {
                Failed(ex, hook.GetType().Name, what);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "The hook {Hook} failed in {Method}")]
    private partial void Failed(Exception ex, string hook, string method);
}
