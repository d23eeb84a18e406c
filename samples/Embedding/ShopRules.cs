using ChatBackend.Agents;

namespace Embedding;

/// <summary>The rules of the shop, applied at the stages of every run.</summary>
internal sealed class ShopRules(ILogger<ShopRules> logger) : ChatRunHook
{
    public override ValueTask RunStartingAsync(ChatRunStart run)
    {
        if (run.Message.Length > 2000)
        {
            run.Refuse("Please ask in fewer words.");
        }

        run.AddContext("The shop is closed on Sundays.");
        return ValueTask.CompletedTask;
    }

    public override ValueTask<string?> ToolCallingAsync(ChatToolCall call) =>
        ValueTask.FromResult(call.Tool == "refund" && call.Argument<decimal>("amount") > 1000 ? "Refunds over 1000 are made by phone." : null);

    public override ValueTask ToolCalledAsync(ChatToolResult result)
    {
        logger.LogInformation("{User} had {Tool} called: {Outcome}", result.Call.Run.UserId, result.Call.Tool, result.Outcome);
        return ValueTask.CompletedTask;
    }

    public override ValueTask RunEndedAsync(ChatRunEnd end)
    {
        logger.LogInformation("A run of {User} {Outcome} after {Duration}", end.Run.UserId, end.Outcome, end.Duration);
        return ValueTask.CompletedTask;
    }
}
