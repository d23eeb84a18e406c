using System.Runtime.CompilerServices;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.SignalR;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>Our frames by SignalR's own means: a thread is a group, and an answer goes to the group or is streamed to the caller.</summary>
internal sealed class ChatHub(
    HubThreads threads, RivalAgents agents, Greeting greeting, HubRuns runs, IMessageStore store, TimeProvider clock) : Hub
{
    /// <summary>The method of the client that every frame goes to.</summary>
    public const string Event = "event";

    public override Task OnConnectedAsync() => SendAsync(greeting.To(new ConnectionId($"con_{Context.ConnectionId}")));

    public Task Ping() => SendAsync(new Pong { ServerTime = clock.GetUtcNow() });

    public async Task Follow(FollowRequest request)
    {
        var thread = threads.Find(request.ThreadId) ?? throw new HubException("There is no such thread.");
        await Groups.AddToGroupAsync(Context.ConnectionId, thread.Id.Value, Context.ConnectionAborted);
        await SendAsync(new CaughtUp { ThreadId = thread.Id, Seq = thread.Head });
    }

    /// <summary>Returns once the message is accepted; the group gets the answer from a run of its own.</summary>
    public async Task Chat(ChatRequest request)
    {
        var (thread, question) = Open(request);
        await Groups.AddToGroupAsync(Context.ConnectionId, thread.Id.Value, Context.ConnectionAborted);
        var asked = thread.Stamp(question.Asked(request.Id, request.Agent));
        await store.SaveAsync(Message.Of(asked), Context.ConnectionAborted);
        await SendAsync(question.Accepted(request.Id, asked.Seq));
        runs.Start(thread, question, asked);
    }

    /// <summary>The same for the caller alone, and only as long as it listens.</summary>
    public async IAsyncEnumerable<ServerFrame> Stream(ChatRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (thread, question) = Open(request);
        var asked = thread.Stamp(question.Asked(request.Id, request.Agent));
        await store.SaveAsync(Message.Of(asked), cancellationToken);
        yield return question.Accepted(request.Id, asked.Seq);
        yield return asked;
        await foreach (var frame in Answer.ToAsync(question, clock, cancellationToken))
        {
            var stamped = frame is ThreadEvent threadEvent ? thread.Stamp(threadEvent) : frame;
            if (stamped is AgentCompleted completed)
            {
                await store.SaveAsync(Message.Of(completed), cancellationToken);
            }

            yield return stamped;
        }
    }

    private (HubThread Thread, Question Question) Open(ChatRequest request)
    {
        var agent = agents.Find(request.Agent) ?? throw new HubException("There is no such agent.");
        var thread = (request.ThreadId is { } named ? threads.Find(named) : threads.New()) ?? throw new HubException("There is no such thread.");
        return (thread, Question.New(thread.Id, request.Content, agent));
    }

    private Task SendAsync(ServerFrame frame) => Clients.Caller.SendAsync(Event, frame);
}

internal sealed record ChatRequest(ClientFrameId Id, string Content, ThreadId? ThreadId, string? Agent);

internal sealed record FollowRequest(ThreadId ThreadId);
