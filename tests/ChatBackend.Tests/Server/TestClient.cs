using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Server;

/// <summary>A guest with one connection and all it was sent.</summary>
internal sealed class TestClient(GuestSession guest, ChatConnection connection, FrameRecorder frames) : IAsyncDisposable
{
    public GuestSession Guest => guest;

    public ChatConnection Connection => connection;

    public FrameRecorder Frames => frames;

    public Task<Ack> PlayAsync(string script, ThreadId? thread = null, WhenRunning whenRunning = WhenRunning.Queue, ClientFrameId? id = null, MessageId? replaces = null) =>
        connection.ChatAsync(script, thread, "script", whenRunning, id, replaces).Soon();

    /// <summary>The one event that ends the run.</summary>
    public async Task<RunEvent> EndOfAsync(RunId run) =>
        await frames.UntilAsync<RunEvent>(threadEvent => threadEvent.RunId == run && threadEvent is AgentCompleted or AgentStopped or AgentFailed);

    public async Task<RunEvent> EndOfAsync(Ack ack) => await EndOfAsync(ack.RunId!.Value);

    /// <summary>The error that the command is refused with.</summary>
    public static async Task<ErrorCode> RefusalOfAsync(Func<Task> command) =>
        (await command.Should().ThrowAsync<ChatErrorException>()).Which.Code;

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
