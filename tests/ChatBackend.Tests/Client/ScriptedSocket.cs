using System.Net.WebSockets;
using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

/// <summary>The server's end of one socket, in the hands of a test.</summary>
internal sealed class ScriptedSocket(WebSocket socket, string authorization, Action cut)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Over => _over.Task;

    public string Authorization => authorization;

    public Task SendAsync(ServerFrame frame) => SendAsync(Encoding.UTF8.GetString(WireJson.Encode(frame)));

    public async Task SendAsync(string json)
    {
        using var deadline = Deadline.Source();
        await socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, endOfMessage: true, deadline.Token);
    }

    public async Task SendAsync(params IEnumerable<ServerFrame> frames)
    {
        foreach (var frame in frames)
        {
            await SendAsync(frame);
        }
    }

    /// <summary>The next frame, which must be of this type (or of one beneath it).</summary>
    public async Task<TFrame> ReceiveAsync<TFrame>() where TFrame : ClientFrame
    {
        var message = await ReceiveAsync();
        var (frame, error) = ClientFrameReader.Read(message ?? throw new InvalidOperationException($"Closed with {socket.CloseStatus}."));
        error.Should().BeNull();
        return frame.Should().BeAssignableTo<TFrame>().Subject;
    }

    /// <summary>Waits until the client closes, and answers.</summary>
    public async Task<WebSocketCloseStatus?> ReceiveCloseAsync()
    {
        (await ReceiveAsync()).Should().BeNull("the client was to close");
        using var deadline = Deadline.Source();
        await socket.CloseOutputAsync(socket.CloseStatus!.Value, null, deadline.Token);
        _over.TrySetResult();
        return socket.CloseStatus;
    }

    /// <summary>Closes and waits for the answer, which says the same code.</summary>
    public async Task CloseAsync(int code, string reason = "")
    {
        using var deadline = Deadline.Source();
        await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, deadline.Token);
        while (await ReceiveAsync() is not null)
        {
        }

        ((int?)socket.CloseStatus).Should().Be(code);
        _over.TrySetResult();
    }

    /// <summary>Waits until the client is gone, without a close frame and without another one.</summary>
    public async Task ReceiveCutAsync()
    {
        Task receiving = ReceiveAsync();
        await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        receiving.Exception?.InnerException.Should().BeOfType<WebSocketException>();
        receiving.IsFaulted.Should().BeTrue("the client was to go without a word");
        _over.TrySetResult();
    }

    /// <summary>Ends the connection as a network failure does.</summary>
    public void Cut()
    {
        cut();
        _over.TrySetResult();
    }

    private async Task<byte[]?> ReceiveAsync()
    {
        using var deadline = Deadline.Source();
        var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var piece = await socket.ReceiveAsync(buffer, deadline.Token);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, piece.Count);
            if (piece.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }
}
