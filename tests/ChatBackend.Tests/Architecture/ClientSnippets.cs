using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Architecture;

/// <summary>What docs/clients.md prints of C#, compiled as it stands there; <see cref="SampleTests"/> compares them.</summary>
internal static class ClientSnippets
{
    public static async Task<string?> AnswerOfAsync(ChatConnection chat, Func<ApprovalRequired, Task<ApprovalDecision>> decide)
    {
        var ack = await chat.ChatAsync("Give the customer of B-17 the money back.");
        var thread = chat.FollowerOf(ack.ThreadId!.Value);
        await foreach (var frame in thread.Events())
        {
            if (frame is ApprovalRequired approval)
            {
                await chat.DecideAsync(approval, await decide(approval));
            }
            else if (frame is AgentCompleted completed)
            {
                return completed.Content;
            }
        }

        return null;
    }

    public static async Task ShowAsync(ChatConnection chat, Action<IEnumerable<string>> show)
    {
        await using var list = await chat.FollowThreadsAsync();
        await foreach (var _ in list.Changes())
        {
            show(list.Threads.Select(thread => thread.Title ?? "New chat"));
        }
    }
}
