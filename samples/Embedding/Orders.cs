using ChatBackend.Agents;

namespace Embedding;

/// <summary>The shop's orders; yours would ask a database.</summary>
internal sealed class Orders(TimeProvider clock)
{
    private readonly Dictionary<string, string> _status = new() { ["B-17"] = "sent", ["B-18"] = "paid" };

    // What ChatToolException says is for the model and the user. The message of any other exception stays in the log.
    public string StatusOf(string order) => _status.GetValueOrDefault(order) ?? throw new ChatToolException($"There is no order {order}.");

    public async Task<string> RefundAsync(string order, decimal amount, ChatRunContext run)
    {
        StatusOf(order);
        await run.ReportProgressAsync("The bank is asked", 0.5);
        await Task.Delay(TimeSpan.FromMilliseconds(200), clock, run.CancellationToken); // a stop by the user ends this
        return $"{amount:0.00} for {order} goes back to {run.UserId}.";
    }
}
