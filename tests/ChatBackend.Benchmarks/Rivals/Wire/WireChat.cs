using System.Collections.Concurrent;
using ChatBackend.Protocol;
using ErrorCode = ChatBackend.Protocol.ErrorCode;

namespace ChatBackend.Benchmarks.Rivals.Wire;

/// <summary>What frames of clients do. Never waits: it is called on the receive loops.</summary>
internal sealed class WireChat(IDispatch dispatch, RivalAgents agents, RivalRuns runs, TimeProvider clock)
{
    private readonly ConcurrentDictionary<ThreadId, WireThread> _threads = new();

    public void Handle(WireConnection sender, ClientFrame frame)
    {
        switch (frame)
        {
            case ChatFrame chat:
                Chat(sender, chat);
                break;
            case FollowFrame follow:
                Follow(sender, follow);
                break;
            case PingFrame ping:
                Send(sender, new Pong { Id = ping.Id, ServerTime = clock.GetUtcNow() });
                break;
            default:
                Refuse(sender, ErrorCode.UnknownType, "Here clients may send chat, follow and ping.", (frame as ClientCommand)?.Id);
                break;
        }
    }

    public void Send(WireConnection to, ServerFrame frame) => dispatch.Send(to, WireJson.Encode(frame));

    public static void Leave(WireConnection connection)
    {
        foreach (var thread in connection.TakeThreads())
        {
            lock (thread.Gate)
            {
                thread.Followers.Remove(connection);
            }
        }
    }

    private void Chat(WireConnection sender, ChatFrame frame)
    {
        if (agents.Find(frame.Agent) is not { } agent)
        {
            Refuse(sender, ErrorCode.UnknownAgent, "There is no such agent.", frame.Id);
            return;
        }

        if ((frame.ThreadId is { } named ? _threads.GetValueOrDefault(named) : NewThread()) is not { } thread)
        {
            Refuse(sender, ErrorCode.NotFound, "There is no such thread.", frame.Id);
            return;
        }

        var question = Question.New(thread.Id, frame.Content, agent);
        lock (thread.Gate)
        {
            Join(thread, sender);
            var asked = thread.Stamp(question.Asked(frame.Id, frame.Agent), clock);
            Send(sender, question.Accepted(frame.Id, asked.Seq));
            dispatch.Publish(thread, WireJson.Encode(asked));
        }

        runs.Start(stop => AnswerAsync(thread, question, stop));
    }

    private void Follow(WireConnection sender, FollowFrame frame)
    {
        if (!_threads.TryGetValue(frame.ThreadId, out var thread))
        {
            Refuse(sender, ErrorCode.NotFound, "There is no such thread.", frame.Id);
            return;
        }

        lock (thread.Gate)
        {
            Join(thread, sender);
            Send(sender, new CaughtUp { ThreadId = thread.Id, Seq = thread.Head });
        }
    }

    private async Task AnswerAsync(WireThread thread, Question question, CancellationToken cancellationToken)
    {
        await foreach (var frame in Answer.ToAsync(question, clock, cancellationToken))
        {
            lock (thread.Gate)
            {
                dispatch.Publish(thread, WireJson.Encode(frame is ThreadEvent threadEvent ? thread.Stamp(threadEvent, clock) : frame));
            }
        }
    }

    private WireThread NewThread()
    {
        var thread = new WireThread(ThreadId.New());
        _threads[thread.Id] = thread;
        return thread;
    }

    private static void Join(WireThread thread, WireConnection connection)
    {
        if (connection.TryFollow(thread))
        {
            thread.Followers.Add(connection);
        }
    }

    private void Refuse(WireConnection to, ErrorCode code, string message, ClientFrameId? id) =>
        Send(to, new Error { Code = code, Message = message, Id = id });
}
