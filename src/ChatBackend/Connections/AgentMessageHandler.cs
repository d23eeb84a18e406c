using System.Diagnostics;
using ChatBackend.Errors;
using ChatBackend.Following;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Connections;

/// <summary>
/// One connection's handler, alive exactly as long as its socket. Pings are answered at once; commands are carried out
/// one after the other, in the order they came, away from the receive loop.
/// </summary>
internal sealed partial class AgentMessageHandler(
    ConnectionContext connection, Outbox outbox, Greeting greeting, ThreadSubscriptions threads, FollowedLists lists, ThreadGrains grains, ChatSignIn signIn, Readiness readiness,
    IOptions<ConnectionOptions> options, LeftCommands left, Refusals refusals, ChatMetrics metrics, TimeProvider clock, ILogger<AgentMessageHandler> logger)
{
    private bool _isAnswered; // the command that is being carried out

    public void Establish() => Send(greeting.To(connection));

    // Made by the first command: many connections only wait.
    private CommandQueue? _commands;

    private Subscriptions Followed => field ??= new Subscriptions(threads, lists, connection, options.Value.MaxFollowedThreads, logger);

    /// <summary>A frame from the receive loop. Never waits.</summary>
    /// <param name="bytes">What the frame took on the wire.</param>
    public void Handle(ClientFrame frame, int bytes)
    {
        switch (frame)
        {
            case PingFrame ping:
                Send(new Pong { Id = ping.Id, ServerTime = clock.GetUtcNow() });
                break;
            case ClientCommand command:
                Queue(command, bytes);
                break;
            default:
                throw new UnreachableException($"{frame.GetType()} is not a client frame.");
        }
    }

    public void Drain(TimeSpan reconnectWithin) => Send(new ServerDraining { ReconnectWithinMs = (int)reconnectWithin.TotalMilliseconds });

    /// <summary>Whether a message that has begun takes longer than it may.</summary>
    public bool IsMessageOverdue() =>
        connection.MessageStartedAt is not 0 and var startedAt && clock.GetElapsedTime(startedAt) > options.Value.MessageTimeout;

    /// <summary>After the socket: what was received is still carried out, within bounds, then nothing is followed any more. A stop of the server is not held up.</summary>
    public async Task EndAsync(CancellationToken stopping)
    {
        if (_commands is { } commands)
        {
            var patience = options.Value.CloseTimeout;
            if (!await left.FinishAsync(commands, patience, clock, stopping) || !await Followed.EndAsync().EndsAsync(patience, clock, stopping))
            {
                CutShort();
            }
        }
    }

    private void Queue(ClientCommand command, int bytes)
    {
        if (!(_commands ??= new CommandQueue(options.Value, clock, CarryOutAsync)).TryAdd(command, bytes))
        {
            Refuse(command, new ProtocolException(ErrorCode.RateLimited, "Too many commands wait for their answer already.", retryAfterMs: 1000));
        }
    }

    private async Task CarryOutAsync(ClientCommand command, long arrivedAt)
    {
        try
        {
            await AnswerAsync(command, arrivedAt);
        }
        catch (Exception ex)
        {
            NotRefused(ex, command.GetType().Name);
            connection.Close(CloseReason.InternalError);
        }
    }

    /// <summary>The one place where what went wrong becomes an <c>error</c>; or, once the command is answered, ends the connection, so that the client resumes.</summary>
    private async Task AnswerAsync(ClientCommand command, long arrivedAt)
    {
        _isAnswered = false;
        using var span = ChatTraces.StartCommand(command, options.Value.TrustTraceparent ? connection.TraceParent : null);
        try
        {
            await (command switch
            {
                ChatFrame chat => ChatAsync(chat, arrivedAt),
                FollowFrame follow => FollowAsync(follow),
                UnfollowFrame unfollow => UnfollowAsync(unfollow),
                StopFrame stop => StopAsync(stop),
                DecideFrame decide => DecideAsync(decide),
                SelectBranchFrame branch => AcknowledgeAsync(branch.ThreadId, thread => thread.SelectBranch(new SelectBranchCommand(connection.Session.User, branch.Id, branch.MessageId))),
                FeedbackFrame given => AcknowledgeAsync(
                    given.ThreadId, thread => thread.GiveFeedback(new FeedbackCommand(connection.Session.User, given.Id, given.MessageId, given.Rating, given.Note))),
                FollowThreadsFrame follow => Followed.JoinListAsync(follow.Cursor),
                UnfollowThreadsFrame unfollow => UnfollowThreadsAsync(unfollow),
                MarkReadFrame read => MarkReadAsync(read),
                AuthenticateFrame authenticate => AuthenticateAsync(authenticate),
                _ => throw new UnreachableException($"{command.GetType()} is not a command."),
            });
        }
        catch (ProtocolException ex) when (!_isAnswered)
        {
            span?.Fail(ex.Code);
            Refuse(command, ex);
        }
        catch (Exception ex) when (ex is ProtocolException or TimeoutException or OrleansException)
        {
            span?.Fail(ErrorCode.Unavailable);
            refusals.ThreadAway(ex, command.GetType().Name);
            if (_isAnswered)
            {
                connection.Close(CloseReason.Unavailable);
            }
            else
            {
                Refuse(command, ProtocolException.Unavailable());
            }
        }
        catch (Exception ex) when (_isAnswered)
        {
            BrokeAfterAnswer(ex, command.GetType().Name);
            connection.Close(CloseReason.InternalError);
        }
        catch (Exception ex)
        {
            var trace = span?.TraceId.ToHexString() ?? Guid.NewGuid().ToString("n");
            span?.Fail(ex.GetType().FullName!);
            CommandBroke(ex, command.GetType().Name, trace);
            Refuse(command, new ProtocolException(ErrorCode.Internal, $"Internal error. Reference: {trace}."));
        }
    }

    /// <summary>From here on the command has its answer, and no <c>error</c> follows under its id.</summary>
    private void Acknowledge(ReadOnlyMemory<byte> ack)
    {
        _isAnswered = true;
        outbox.Enqueue(ack);
    }

    private void Acknowledge(Ack ack) => Acknowledge(WireJson.Encode(ack));

    private async Task ChatAsync(ChatFrame frame, long arrivedAt)
    {
        if (readiness.IsDraining)
        {
            throw ProtocolException.Unavailable();
        }

        // Who opens a thread follows it before its message is taken, and who follows it is held, so that the ack comes first. Who does
        // neither joins after the ack, at once, since the thread publishes here by then: a short run may be over a moment later.
        var thread = frame.ThreadId ?? ThreadId.New();
        await Followed.RequireRoomAsync(thread);
        var subscription = Followed.Find(thread);
        var isFollowed = subscription is not null;
        subscription ??= frame.ThreadId is null ? threads.AwaitNew(connection.Id, thread) : null;
        subscription?.Hold();
        await using var opened = subscription is null ? await threads.OpenAsync(connection.Session.User, thread) : null;
        try
        {
            var reply = await grains.Of(thread).Chat(new ChatCommand(
                connection.Session.User, frame.Id, frame.Content, frame.Agent, frame.WhenRunning, frame.ThreadId, frame.ThreadId is null ? threads.Address : null,
                frame.Replaces, connection.User, ChatTraces.CurrentSpan));
            Acknowledge(reply.Ack);
            if (frame.ThreadId is null && reply.Thread == thread)
            {
                isFollowed = true;
                Followed.Add(thread, subscription!);
                await subscription!.CreatedAsync(connection.Session.User);
            }
            else
            {
                await FollowFromAsync(reply);
            }
        }
        finally
        {
            if (isFollowed)
            {
                subscription!.Release();
            }
            else if (subscription is not null)
            {
                await subscription.EndAsync(); // refused, or a retry whose thread was created the first time
            }
        }

        metrics.MessageAcked(clock.GetElapsedTime(arrivedAt));
    }

    /// <summary>From its message on, unless the thread is followed.</summary>
    private async Task FollowFromAsync(CommandReply reply)
    {
        try
        {
            if (Followed.Find(reply.Thread) is null)
            {
                await Followed.JoinAsync(reply.Thread, new EventCursor(reply.Seq - 1), [], announcesCaughtUp: false);
            }
        }
        catch (ProtocolException ex) when (ex.Code is ErrorCode.NotFound or ErrorCode.Expired)
        {
            // A retry of what took effect long ago: its thread was deleted since, or is kept only from later on.
        }
    }

    private Task FollowAsync(FollowFrame frame) => Followed.JoinAsync(frame.ThreadId, new EventCursor(frame.AfterSeq, frame.AfterAt), frame.Parts, announcesCaughtUp: true);

    private async Task UnfollowAsync(UnfollowFrame frame)
    {
        if (Followed.Find(frame.ThreadId) is null or { IsOver: true })
        {
            throw ProtocolException.NotFound();
        }

        await Followed.LeaveAsync(frame.ThreadId);
        Acknowledge(new Ack { Id = frame.Id, Status = AckStatus.Accepted, ThreadId = frame.ThreadId });
    }

    private async Task UnfollowThreadsAsync(UnfollowThreadsFrame frame)
    {
        if (!await Followed.LeaveListAsync())
        {
            throw new ProtocolException(ErrorCode.NotFound, "The list of threads is not followed.");
        }

        Acknowledge(new Ack { Id = frame.Id, Status = AckStatus.Accepted });
    }

    private async Task MarkReadAsync(MarkReadFrame frame)
    {
        var read = await lists.MarkReadAsync(connection.Session.User, frame.ThreadId, frame.Seq);
        Acknowledge(new Ack { Id = frame.Id, Status = AckStatus.Accepted, ThreadId = frame.ThreadId, Seq = read });
    }

    private Task StopAsync(StopFrame frame) => AcknowledgeAsync(
        frame.ThreadId, thread => thread.Stop(new StopCommand(connection.Session.User, frame.Id, frame.RunId, frame.MessageId)));

    private Task DecideAsync(DecideFrame frame) => AcknowledgeAsync(
        frame.ThreadId,
        thread => thread.Decide(new DecideCommand(connection.Session.User, frame.Id, frame.CallId, frame.ArgumentsDigest, frame.Decision, frame.Note)));

    /// <summary>Acknowledges a command to a thread before the events that follow from it.</summary>
    private async Task AcknowledgeAsync(ThreadId thread, Func<IThreadGrain, Task<CommandReply>> command)
    {
        var held = Followed.Find(thread);
        held?.Hold();
        try
        {
            var reply = await command(grains.Of(thread));
            Acknowledge(reply.Ack);
        }
        finally
        {
            held?.Release();
        }
    }

    private async Task AuthenticateAsync(AuthenticateFrame frame)
    {
        if (await signIn.ReadAsync(frame.Token) is not { } session || session.User != connection.Session.User)
        {
            throw new ProtocolException(ErrorCode.Unauthenticated, "That token is not valid for this session.");
        }

        connection.Session = session;
        Acknowledge(new Ack { Id = frame.Id, Status = AckStatus.Accepted });
    }

    private void Refuse(ClientCommand command, ProtocolException refused)
    {
        refusals.Command(refused.Code, command.GetType().Name);
        Send(refused.ToError(command.Id));
    }

    private void Send(ServerFrame frame) => outbox.Enqueue(WireJson.Encode(frame));

    [LoggerMessage(LogLevel.Warning, "The server stops before the commands of a closed connection have finished")]
    private partial void CutShort();

    [LoggerMessage(LogLevel.Error, "{Command} could not be answered; the connection is closed")]
    private partial void NotRefused(Exception ex, string command);

    [LoggerMessage(LogLevel.Error, "{Command} failed after its ack; the connection is closed, so that the client resumes")]
    private partial void BrokeAfterAnswer(Exception ex, string command);

    [LoggerMessage(LogLevel.Error, "Unhandled exception in {Command}, reference {Trace}")]
    private partial void CommandBroke(Exception ex, string command, string trace);
}
