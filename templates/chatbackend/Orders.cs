using ChatBackend.Agents;

namespace ChatApp;

/// <summary>The tools of the agent. The model fills in their parameters; services and the run come from the application.</summary>
public sealed class Orders
{
    private static readonly Dictionary<string, string> Known = new() { ["B-17"] = "sent", ["B-18"] = "paid" };

    // The model and the user see the message of a ChatToolException; that of any other exception stays in the log.
    public string StatusOf(string order) => Known.GetValueOrDefault(order) ?? throw new ChatToolException($"There is no order {order}.");

    public async Task<string> RefundAsync(string order, decimal amount, ChatRunContext run)
    {
        StatusOf(order);
        await run.ReportProgressAsync("The bank is asked", 0.5);
        return $"{amount:0.00} for {order} goes back to {run.UserId}.";
    }
}
