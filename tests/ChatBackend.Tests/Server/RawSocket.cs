using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Server;

/// <summary>A socket that says whatever it wants, for what no decent client says.</summary>
internal sealed class RawSocket(ClientWebSocket socket) : IAsyncDisposable
{
    public ClientWebSocket Socket => socket;

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Text, bool isEnd = true) =>
        socket.SendAsync(bytes, type, isEnd, CancellationToken.None).Soon();

    /// <summary>The next frame; fails when the server closes.</summary>
    public async Task<JsonElement> ReceiveAsync() =>
        await NextAsync() ?? throw new InvalidOperationException($"Closed with {(int?)socket.CloseStatus} {socket.CloseStatusDescription}.");

    /// <summary>Reads on until the server's close frame.</summary>
    public async Task<int?> ReceiveCloseAsync()
    {
        while (await NextAsync() is not null)
        {
        }

        return (int?)socket.CloseStatus;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonElement?> NextAsync()
    {
        var message = new MemoryStream();
        var buffer = new byte[8192];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None).Soon();
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return JsonDocument.Parse(message.ToArray()).RootElement;
            }
        }
    }
}
