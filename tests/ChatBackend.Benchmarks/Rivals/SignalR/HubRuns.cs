using ChatBackend.Protocol;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>Answers to groups. A run holds up no invocation, and outlives whoever asked for it.</summary>
internal sealed class HubRuns(IHubContext<ChatHub> hub, IServiceScopeFactory scopes, RivalRuns runs, TimeProvider clock)
{
    public void Start(HubThread thread, Question question, UserMessage asked) =>
        runs.Start(stop => AnswerAsync(thread, question, asked, stop));

    private async Task AnswerAsync(HubThread thread, Question question, UserMessage asked, CancellationToken cancellationToken)
    {
        var group = hub.Clients.Group(thread.Id.Value);
        await group.SendAsync(ChatHub.Event, asked, cancellationToken);
        await foreach (var frame in Answer.ToAsync(question, clock, cancellationToken))
        {
            var stamped = frame is ThreadEvent threadEvent ? thread.Stamp(threadEvent) : frame;
            if (stamped is AgentCompleted completed)
            {
                await SaveAsync(Message.Of(completed), cancellationToken);
            }

            await group.SendAsync(ChatHub.Event, stamped, cancellationToken);
        }
    }

    /// <summary>The hub's own scope was over with its invocation.</summary>
    private async Task SaveAsync(Message message, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageStore>().SaveAsync(message, cancellationToken);
    }
}
