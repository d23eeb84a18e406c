using System.Security.Claims;
using ChatBackend;
using ChatBackend.Agents;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using Microsoft.Extensions.DependencyInjection;
using static ChatBackend.Testing.ScriptedModel;

// A program that has the packages and nothing else of the solution. PackageTests reads what it writes.
var frames = new List<ServerFrame>();
await using var host = await ChatTestHost.StartAsync(chat =>
{
    chat.Services.AddScoped<Till>();
    chat.AddTool(
        "refund",
        (decimal amount, Till till, ChatRunContext run) => till.RefundAsync(amount, run),
        tool => tool.Approval = ChatToolApproval.When(call => call.Argument<decimal>("amount") > 100));
    chat.AddTool("count", (Till till, ChatRunContext run, CancellationToken cancelled) => till.CountAsync(run, cancelled));
    chat.AddAgent("small", agent => agent.UseModel(new ScriptedModel([Call("refund", ("amount", 99.5))])).UseTool("refund"));
    chat.AddAgent("large", agent => agent.UseModel(new ScriptedModel([Call("refund", ("amount", 150))])).UseTool("refund"));
    chat.AddAgent("slow", agent => agent.UseModel(new ScriptedModel([Call("count")])).UseTool("count"));
});
await using var ada = await host.ConnectAsync("ada", [new Claim("tier", "gold")], options => options with { OnFrame = Record });

await RunAsync("small", _ => Task.CompletedTask);
await RunAsync("large", async thread =>
    await ada.DecideAsync((ApprovalRequired)await thread.WaitForAsync(threadEvent => threadEvent is ApprovalRequired), ApprovalDecision.Approve));
await RunAsync("slow", async thread =>
{
    await Till.Counting.Task;
    await ada.StopAsync(thread.Thread);
    await Till.Cancelled.Task;
});

async Task RunAsync(string agent, Func<ThreadFollower, Task> meanwhile)
{
    lock (frames)
    {
        frames.Clear();
    }

    var ack = await ada.ChatAsync("Please", agent: agent);
    var thread = ada.FollowerOf(ack.ThreadId!.Value);
    await meanwhile(thread);
    var end = await thread.WaitForRunEndAsync(ack.RunId!.Value);
    var call = (ToolCompleted)await thread.WaitForAsync(threadEvent => threadEvent is ToolCompleted);
    lock (frames)
    {
        var progress = string.Join(", ", frames.OfType<ToolProgress>().Select(frame => frame.Text));
        Console.WriteLine($"{agent}: {end.GetType().Name}, {call.Outcome} {call.Result}, approvals {frames.OfType<ApprovalRequired>().Count()}, progress {progress}");
    }
}

void Record(ServerFrame frame)
{
    lock (frames)
    {
        frames.Add(frame);
    }
}

internal sealed class Till
{
    private static int _made;
    private readonly int _number = Interlocked.Increment(ref _made);

    public static TaskCompletionSource Counting { get; } = new();

    public static TaskCompletionSource Cancelled { get; } = new();

    public async Task<string> RefundAsync(decimal amount, ChatRunContext run)
    {
        await run.ReportProgressAsync("The bank is asked", 0.5);
        return $"{amount} to {run.UserId}, {run.User.FindFirstValue("tier")}, from till {_number}";
    }

    public async Task CountAsync(ChatRunContext run, CancellationToken cancelled)
    {
        await run.ReportProgressAsync($"Till {_number} is counted");
        Counting.TrySetResult();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancelled);
        }
        finally
        {
            Cancelled.TrySetResult();
        }
    }
}
