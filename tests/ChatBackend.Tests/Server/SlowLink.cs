using System.Net.Sockets;

namespace ChatBackend.Tests.Server;

/// <summary>The way of a client that reads slowly: as many bytes arrive as the test lets pass, and little is kept on the way.</summary>
internal sealed class SlowLink : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SocketsHttpHandler _handler;
    private long _allowed;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SlowLink()
    {
        _handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4096 };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new Slowed(this, new NetworkStream(socket, ownsSocket: true));
            },
        };
        Invoker = new HttpMessageInvoker(_handler);
    }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>So many more bytes may be read.</summary>
    public void Let(long bytes)
    {
        lock (_lock)
        {
            _allowed = Math.Min(_allowed + bytes, long.MaxValue / 2);
            Wake();
        }
    }

    /// <summary>From here on as fast as it can.</summary>
    public void Open() => Let(long.MaxValue / 2);

    /// <summary>From here on nothing.</summary>
    public void Shut()
    {
        lock (_lock)
        {
            _allowed = 0;
        }
    }

    public void Dispose()
    {
        Invoker.Dispose();
        _handler.Dispose();
    }

    private void Wake()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private async ValueTask<int> AllowedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_allowed > 0)
                {
                    return (int)Math.Min(_allowed, 64 * 1024);
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private void Took(int bytes)
    {
        lock (_lock)
        {
            _allowed = Math.Max(0, _allowed - bytes);
        }
    }

    private sealed class Slowed(SlowLink link, NetworkStream inner) : Stream
    {
        private readonly CancellationTokenSource _disposed = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.Length == 0)
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }

            // As for a socket, what closes the stream ends the read.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
            var allowed = await link.AllowedAsync(either.Token);
            var read = await inner.ReadAsync(buffer[..Math.Min(allowed, buffer.Length)], cancellationToken);
            link.Took(read);
            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _disposed.Cancel();
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
