using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ConsoleChat;

/// <summary>One thread on a terminal: what its user writes goes out, what its agent does is printed as it comes.</summary>
internal sealed class Conversation(ChatConnection chat, TextWriter output)
{
    private ThreadFollower? _thread;

    public bool IsAnswering => Runs.Any(run => run.State == RunState.Running);

    /// <summary>Ends when the connection ends for good.</summary>
    public Task Printing { get; private set; } = Task.CompletedTask;

    private IEnumerable<RunEntry> Runs => _thread?.Transcript.Entries.OfType<RunEntry>() ?? [];

    private ApprovalRequired? Asked => Runs.SelectMany(run => run.Items).OfType<ToolItem>().FirstOrDefault(call => call.State == ToolState.AwaitingDecision)?.Approval;

    /// <summary>A line decides on the call that waits for approval, else it is a message; null stops the answer.</summary>
    public async Task TakeAsync(string? line)
    {
        try
        {
            switch (line)
            {
                case null:
                    await chat.StopAsync(_thread!.Thread);
                    break;
                case not "" when Asked is { } call:
                    await chat.DecideAsync(call, line.StartsWith('y') ? ApprovalDecision.Approve : ApprovalDecision.Reject);
                    break;
                case not "":
                    await SendAsync(line);
                    break;
            }
        }
        catch (ChatErrorException ex)
        {
            output.WriteLine($"[{ex.Message}]");
        }
    }

    private async Task SendAsync(string content)
    {
        var ack = await chat.ChatAsync(content, _thread?.Thread); // while the agent answers, the message waits in the thread
        if (_thread is null)
        {
            _thread = chat.FollowerOf(ack.ThreadId!.Value);
            Printing = PrintAsync(_thread);
        }
    }

    private async Task PrintAsync(ThreadFollower thread)
    {
        // After a lost connection it goes on where it was, in the middle of a text too.
        await foreach (var frame in thread.Events())
        {
            output.Write(frame switch
            {
                AgentDelta delta => delta.Text,
                ApprovalRequired call => $"\n[{call.Tool} {call.Arguments} needs your approval: y or n?]\n",
                ToolExecuting call => $"\n[{call.Tool} {call.Arguments}]\n",
                ToolProgress progress => $"[{progress.Text}]\n",
                ToolCompleted call => $"[{call.Tool}: {call.Error ?? call.Result?.ToString()}]\n",
                AgentCompleted => "\n",
                AgentStopped stopped => $"\n[stopped: {stopped.Reason}]\n",
                AgentFailed failed => $"\n[failed: {failed.Message}]\n",
                _ => "",
            });
        }
    }
}
