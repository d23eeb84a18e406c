using System.Collections.Concurrent;
using System.Text.Json;
using ChatBackend.Client.Connections;
using ChatBackend.Client.Threads;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>
/// A connection to a chat server that outlives its sockets: a socket that is lost is replaced, followed threads go on where they
/// were, and commands without an answer are sent again with the same id, so that each takes effect once. Safe for concurrent use.
/// </summary>
public sealed class ChatConnection : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ClientFrameId, TaskCompletionSource<Pong>> _pings = new();
    private readonly PersistentSendQueue? _sendQueue;
    private readonly CommandQueue _commands;
    private readonly FollowedThreads _threads;
    private readonly ConnectionLoop _loop;
    private readonly Action<ServerFrame>? _onFrame;
    private readonly Func<CancellationToken, ValueTask<string>> _token;
    private readonly int _bufferBytes;

    private ChatConnection(ChatConnectionOptions options)
    {
        _sendQueue = options.SendStore is { } store ? new PersistentSendQueue(store) : null;
        _commands = new CommandQueue(options.TimeProvider, options.MaxWaitingCommands, _sendQueue, options.RetryRefused);
        _threads = new FollowedThreads(_commands, options.FollowerBufferBytes);
        (_onFrame, _token, _bufferBytes) = (options.OnFrame, options.Token, options.FollowerBufferBytes);
        _loop = new ConnectionLoop(options, _commands, _threads, Take, CutPings);
    }

    /// <summary>The last <c>connection_established</c>: connection id, user, limits, agents.</summary>
    public ConnectionEstablished Established => _loop.Established;

    public ChatConnectionState State => _loop.State;

    /// <summary>
    /// What <see cref="ChatConnectionOptions.SendStore"/> held of this user from an earlier process; this connection sends it first. What the server refuses, now or earlier, stays
    /// here and in the store with its error, until <see cref="DiscardAsync"/>.
    /// </summary>
    public IReadOnlyList<RestoredSend> Restored { get; private set; } = [];

    /// <summary>Ends, never fails, when the connection is closed for good, and says why.</summary>
    public Task<ConnectionEnd> Closed => _loop.Closed;

    /// <summary>Connects; one attempt.</summary>
    /// <exception cref="ChatConnectException">Refused (with the HTTP status), unreachable, too late, or closed at once (with the close code).</exception>
    /// <exception cref="InvalidDataException"><see cref="ChatConnectionOptions.SendStore"/> holds something that is not a command.</exception>
    public static async Task<ChatConnection> ConnectAsync(ChatConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var connection = new ChatConnection(options);
        await connection._loop.StartAsync(connection.RestoreAsync, cancellationToken);
        return connection;
    }

    /// <summary>Forgets a command of an earlier process that was refused, in the store too.</summary>
    /// <exception cref="InvalidOperationException">It was not refused: it was answered, or may take effect yet.</exception>
    public async Task DiscardAsync(RestoredSend refused)
    {
        ArgumentNullException.ThrowIfNull(refused);
        if (refused.Answer.Exception?.InnerException is not ChatErrorException || !Restored.Contains(refused))
        {
            throw new InvalidOperationException($"{refused.Command.Id} is not a restored command that was refused.");
        }

        await _sendQueue!.RemoveAsync(refused.Command.Id);
        Restored = [.. Restored.Where(restored => restored != refused)];
    }

    /// <summary>Sends a message to an agent; the thread is followed from it on, see <see cref="FollowerOf"/>.</summary>
    /// <param name="thread">Null opens a thread.</param>
    /// <param name="agent">Null leaves the choice to the server.</param>
    /// <param name="whenRunning">What becomes of it while a run of the thread is busy.</param>
    /// <param name="id">The message's own id; a new one when null. To repeat a message whose outcome is unknown, give its id.</param>
    /// <param name="replaces">A message of the user in this thread: with the same content it is answered again, with another one it is edited. The thread is rewound to before it (<see cref="ThreadRewound"/>).</param>
    /// <param name="cancellationToken">
    /// Gives up waiting for the answer. Without <see cref="ChatConnectionOptions.SendStore"/> the message is not sent again either; what was sent may take effect all
    /// the same. With one it stays, and goes on being sent until it is answered, after a restart too. The same holds for <see cref="StopAsync"/>, <see cref="DecideAsync"/>, <see cref="SelectBranchAsync"/> and <see cref="GiveFeedbackAsync"/>.
    /// </param>
    /// <exception cref="ChatErrorException">The server refused it for good.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public async Task<Ack> ChatAsync(
        string content, ThreadId? thread = null, string? agent = null, WhenRunning whenRunning = WhenRunning.Queue,
        ClientFrameId? id = null, MessageId? replaces = null, CancellationToken cancellationToken = default) =>
        (await _commands.AddAsync(
            new ChatFrame
            {
                Id = id ?? ClientFrameId.New(), Content = content, ThreadId = thread, Agent = agent, WhenRunning = whenRunning, Replaces = replaces,
            },
            cancellationToken))!;

    /// <summary>Stops a thread's run: the one named, or the one that is open. The <c>ack</c> comes at once, <see cref="AgentStopped"/> in the thread.</summary>
    /// <param name="message">Takes a message back instead: one that waits is removed (<see cref="MessageRemoved"/>), one that the open run answers ends that run.</param>
    /// <exception cref="ChatErrorException">The server refused it for good; <see cref="ErrorCode.NoSuchRun"/> when there is nothing to stop.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public async Task<Ack> StopAsync(
        ThreadId thread, RunId? run = null, ClientFrameId? id = null, MessageId? message = null, CancellationToken cancellationToken = default) =>
        (await _commands.AddAsync(
            new StopFrame { Id = id ?? ClientFrameId.New(), ThreadId = thread, RunId = run, MessageId = message }, cancellationToken))!;

    /// <summary>Approves or rejects a tool call as it was shown.</summary>
    /// <param name="required">What was shown; the decision is bound to its arguments.</param>
    /// <exception cref="ChatErrorException">The server refused it for good; with <see cref="ErrorCode.AlreadyDecided"/> it holds who was faster, and what they decided.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public async Task<Ack> DecideAsync(
        ApprovalRequired required, ApprovalDecision decision, string? note = null, ClientFrameId? id = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(required);
        return (await _commands.AddAsync(
            new DecideFrame
            {
                Id = id ?? ClientFrameId.New(),
                ThreadId = required.ThreadId,
                CallId = required.CallId,
                ArgumentsDigest = required.ArgumentsDigest,
                Decision = decision,
                Note = note,
            },
            cancellationToken))!;
    }

    /// <summary>
    /// Goes to another version of a message, with what stood before it and what followed it when it was last on the active path (<see cref="BranchSelected"/>). Where the message is on it already, nothing
    /// changes, and the <c>ack</c> has no <c>seq</c>.
    /// </summary>
    /// <param name="message">Any message of the user in the thread; see <see cref="ThreadTranscript.VersionsOf"/>.</param>
    /// <exception cref="ChatErrorException">The server refused it for good; <see cref="ErrorCode.RunInProgress"/> while a run is open or a message waits.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public async Task<Ack> SelectBranchAsync(ThreadId thread, MessageId message, ClientFrameId? id = null, CancellationToken cancellationToken = default) =>
        (await _commands.AddAsync(new SelectBranchFrame { Id = id ?? ClientFrameId.New(), ThreadId = thread, MessageId = message }, cancellationToken))!;

    /// <summary>Says what the user thinks of an answer; the last time counts.</summary>
    /// <param name="answer">The answer's own id, <see cref="RunEntry.MessageId"/>.</param>
    /// <param name="note">Why, in at most 2,000 UTF-16 code units.</param>
    /// <exception cref="ChatErrorException">The server refused it for good; <see cref="ErrorCode.TooLarge"/> when the note is too long.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public async Task<Ack> GiveFeedbackAsync(
        ThreadId thread, MessageId answer, FeedbackRating rating, string? note = null, ClientFrameId? id = null, CancellationToken cancellationToken = default) =>
        (await _commands.AddAsync(
            new FeedbackFrame { Id = id ?? ClientFrameId.New(), ThreadId = thread, MessageId = answer, Rating = rating, Note = note }, cancellationToken))!;

    /// <summary>Follows a thread and returns once all its events after <paramref name="afterSeq"/> are there. A thread that is followed from there or before keeps its follower; one that is followed only from later gets a new one.</summary>
    /// <exception cref="ChatErrorException">The server refused it.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before.</exception>
    public Task<ThreadFollower> FollowAsync(ThreadId thread, long afterSeq = 0, CancellationToken cancellationToken = default) =>
        FollowAsync(thread, new ThreadCursor(afterSeq), cancellationToken);

    /// <summary>
    /// As <see cref="FollowAsync(ThreadId, long, CancellationToken)"/>, from an event that an earlier follower had (<see cref="ThreadFollower.LastEvent"/>). When the server's log was
    /// put back since and that event is not in its history, the follower begins where history does, and <see cref="HistoryReplaced"/> is its first frame.
    /// </summary>
    /// <exception cref="ChatErrorException">The server refused it.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before.</exception>
    public async Task<ThreadFollower> FollowAsync(ThreadId thread, ThreadCursor after, CancellationToken cancellationToken = default)
    {
        var follower = _threads.From(thread, after, out var isNew);
        try
        {
            await _commands.FollowAsync(follower, cancellationToken);
            return follower;
        }
        catch (Exception ex) when (isNew && ex is ChatErrorException or OperationCanceledException)
        {
            _threads.Remove(follower, FollowedThreads.Unfollowed(thread));
            throw;
        }
    }

    /// <summary>The follower of a thread that is followed, by <see cref="FollowAsync(ThreadId, ThreadCursor, CancellationToken)"/> or because a message was sent to it.</summary>
    /// <exception cref="InvalidOperationException">The thread is not followed.</exception>
    public ThreadFollower FollowerOf(ThreadId thread) =>
        _threads.Find(thread) ?? throw new InvalidOperationException($"{thread} is not followed. FollowAsync does that.");

    /// <summary>Follows a thread no longer; its follower ends.</summary>
    /// <exception cref="ChatErrorException">The server refused it.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public Task UnfollowAsync(ThreadId thread, CancellationToken cancellationToken = default)
    {
        if (_threads.Find(thread) is { } follower)
        {
            _threads.Remove(follower, FollowedThreads.Unfollowed(thread));
        }

        return _commands.AddAsync(new UnfollowFrame { Id = ClientFrameId.New(), ThreadId = thread }, cancellationToken);
    }

    /// <summary>
    /// What a tool returned, whole. An event has only the begin and the end of a large result (<see cref="ToolCompleted.ResultBytes"/>): that one is fetched with this connection's token, for as long as
    /// its event is in the thread. Of any other it is what the event has; null for a call that returned nothing.
    /// </summary>
    /// <param name="http">Its <see cref="HttpClient.BaseAddress"/> is the server's.</param>
    /// <exception cref="HttpRequestException">The server could not be reached or refused, with its status; 404 when the result is not there any more.</exception>
    public async Task<JsonElement?> ReadResultAsync(HttpClient http, ToolCompleted completed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(completed);
        return completed.ResultBytes is null ? completed.Result : await WholeResult.ReadAsync(http, await _token(cancellationToken), completed, cancellationToken);
    }

    /// <summary>Follows the list of the user's threads and returns once the newest of them are there. One list for one connection, until it is disposed of.</summary>
    /// <exception cref="InvalidOperationException">It is followed already.</exception>
    /// <exception cref="ChatErrorException">The server refused it.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before.</exception>
    public Task<ThreadList> FollowThreadsAsync(CancellationToken cancellationToken = default) => ThreadList.FollowAsync(_commands, _bufferBytes, cancellationToken);

    /// <summary>The user has read a thread, on every device; what was read before stays read.</summary>
    /// <param name="seq">The last event that was read; null for all that is there.</param>
    /// <returns>Its <see cref="Ack.Seq"/> is up to where the thread is read now.</returns>
    /// <exception cref="ChatErrorException">The server refused it for good; <see cref="ErrorCode.NotFound"/> when there is no such thread.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public async Task<Ack> MarkReadAsync(ThreadId thread, long? seq = null, CancellationToken cancellationToken = default) =>
        (await _commands.AddAsync(new MarkReadFrame { Id = ClientFrameId.New(), ThreadId = thread, Seq = seq }, cancellationToken))!;

    /// <summary>Extends the session in place with a newer token of the same user.</summary>
    /// <exception cref="ChatErrorException">The server refused it.</exception>
    /// <exception cref="ChatClosedException">The connection closed for good before it was answered.</exception>
    public Task AuthenticateAsync(string token, CancellationToken cancellationToken = default) =>
        _commands.AddAsync(new AuthenticateFrame { Id = ClientFrameId.New(), Token = token }, cancellationToken);

    /// <summary>Asks the server for a sign of life on the socket that is open now.</summary>
    /// <exception cref="ChatClosedException">The socket was lost before the answer came.</exception>
    public async Task<Pong> PingAsync(CancellationToken cancellationToken = default)
    {
        var id = ClientFrameId.New();
        var pong = _pings[id] = new TaskCompletionSource<Pong>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            if (State != ChatConnectionState.Connected)
            {
                throw new ChatClosedException(new ConnectionEnd { Reason = $"there is no socket: {State}" });
            }

            _commands.Ping(new PingFrame { Id = id });
            return await pong.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _pings.TryRemove(id, out _);
        }
    }

    /// <summary>Closes with 1000 and waits, at most <see cref="ChatConnectionOptions.CloseTimeout"/>, for the server's answer. What waits for an answer ends with <see cref="ChatClosedException"/>; a store keeps it.</summary>
    public async Task CloseAsync()
    {
        await _loop.CloseAsync();
        await _commands.SettledAsync();
    }

    /// <summary>Ends the connection for good, without a close frame.</summary>
    public void Abort() => _loop.Abort();

    /// <summary>Cuts the socket as a network failure would: the connection replaces it.</summary>
    public void Drop() => _loop.Drop();

    /// <summary>As <see cref="CloseAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync();

    /// <summary>What this user left unanswered; only the server knows whose token it is.</summary>
    private async ValueTask RestoreAsync(ConnectionEstablished established, CancellationToken cancellationToken)
    {
        if (_sendQueue is { } sendQueue)
        {
            Restored = _commands.Restore(await sendQueue.LoadAsync(established.UserId, cancellationToken), sendQueue);
        }
    }

    private void Take(ServerFrame frame, int bytes)
    {
        _onFrame?.Invoke(frame);
        if (frame is Pong { Id: { } id } pong && _pings.TryGetValue(id, out var waiting))
        {
            waiting.TrySetResult(pong);
        }

        _threads.Take(frame, bytes);
    }

    private void CutPings(ConnectionEnd end)
    {
        foreach (var ping in _pings.Values)
        {
            ping.TrySetException(new ChatClosedException(end));
        }
    }
}

public enum ChatConnectionState
{
    /// <summary>A socket is open.</summary>
    Connected,

    /// <summary>The socket was lost; another one is being opened.</summary>
    Reconnecting,

    /// <summary>For good.</summary>
    Closed,
}
