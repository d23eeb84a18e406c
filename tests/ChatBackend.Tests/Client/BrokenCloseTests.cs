using System.Net.Sockets;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

/// <summary>A close that cannot be answered any more is a close all the same: its code says what to do next.</summary>
public sealed class BrokenCloseTests : IAsyncLifetime
{
    private ScriptedServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScriptedServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(CloseCodes.Forbidden)]
    [InlineData(CloseCodes.Policy)]
    [InlineData(CloseCodes.GoingAway)]
    [Trait("failure", "B11")]
    public async Task A_server_that_is_gone_before_its_close_is_answered_has_named_the_reason(int code)
    {
        var isGone = false;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new OneWay(socket, () => Volatile.Read(ref isGone));
            },
        };
        using var invoker = new HttpMessageInvoker(handler);
        var ended = new TaskCompletionSource<ConnectionEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (client, socket) = await _server.OpenAsync(options => options with { Invoker = invoker, OnDisconnected = end => ended.TrySetResult(end) });

        Volatile.Write(ref isGone, true);
        var closing = socket.CloseAsync(code, "go away");
        var end = await await Task.WhenAny(ended.Task, client.Closed).Soon();

        (end.CloseCode, end.Reason).Should().Be((code, "go away"));
        client.Abort();
        socket.Cut();
        await FluentActions.Awaiting(() => closing.Soon()).Should().ThrowAsync<Exception>("nobody answered the close");
    }

    /// <summary>What the server sends arrives; from a moment on, what the client sends does not.</summary>
    private sealed class OneWay(Socket socket, Func<bool> isGone) : NetworkStream(socket, ownsSocket: true)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
            isGone() ? ValueTask.FromException(new IOException("The peer is gone.")) : base.WriteAsync(buffer, cancellationToken);
    }
}
