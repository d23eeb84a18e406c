using System.Buffers;
using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;

namespace ChatBackend.Benchmarks.Load;

/// <summary>A WebSocket client, no more than a load runner needs: it connects, upgrades, takes messages whole, answers pings.</summary>
internal sealed class LoadSocket : IDisposable
{
    private const byte Final = 0x80;

    private readonly LoadLoop _loop;
    private readonly IDialect _dialect;
    private readonly byte[] _upgrade;
    private readonly Socket _socket;
    private readonly int _key;
    private byte[] _kept = []; // what was read and is not whole yet
    private ArrayBufferWriter<byte>? _fragments;
    private byte[]? _unsent;
    private State _state;

    /// <summary>Begins to connect.</summary>
    /// <param name="from">The local address; each has ports of its own, so that a machine is not short of them.</param>
    public LoadSocket(LoadLoop loop, IDialect dialect, IPEndPoint server, IPAddress from, string? token)
    {
        (_loop, _dialect) = (loop, dialect);
        _upgrade = dialect.Upgrade(server, token);
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
        _socket.Bind(new IPEndPoint(from, 0));
        _key = loop.Join(this);
        try
        {
            _socket.Connect(server);
        }
        catch (SocketException ex) when (ex.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // its end shows when the socket becomes writable
        }

        loop.Epoll.Register(_socket.SafeHandle, _key, Epoll.Interest.Write);
    }

    private enum State
    {
        Connecting,
        Upgrading,
        Open,
        Closed,
    }

    public bool IsOpen => _state == State.Open;

    public bool IsClosed => _state == State.Closed;

    /// <summary>Why it is closed, where that was not asked for.</summary>
    public string? Failure { get; private set; }

    public Action? Opened { get; set; }

    /// <summary>Called for each message, whole; the bytes are valid during the call.</summary>
    public MessageTaker? Message { get; set; }

    public delegate void MessageTaker(ReadOnlySpan<byte> message);

    public void Handle(Epoll.Interest ready)
    {
        try
        {
            if (_state == State.Connecting)
            {
                BeginUpgrade();
            }
            else if (ready.HasFlag(Epoll.Interest.Write) && _unsent is not null)
            {
                SendRest();
            }

            if (ready.HasFlag(Epoll.Interest.Read) || ready.HasFlag(Epoll.Interest.Failed))
            {
                Read();
            }
        }
        catch (Exception ex) when (ex is Win32Exception or SocketException or ProtocolViolationException)
        {
            End(ex.Message);
        }
    }

    public void Send(ReadOnlySpan<byte> text) => SendFrame(0x1, text);

    /// <summary>The close handshake's first half; the server's answer ends the socket.</summary>
    public void Close()
    {
        if (_state == State.Open)
        {
            Span<byte> normal = [0x03, 0xE8];
            SendFrame(0x8, normal);
        }
    }

    /// <summary>Ends at once, by a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        End(null);
    }

    public void Dispose() => End(null);

    private void End(string? failure)
    {
        if (_state != State.Closed)
        {
            (_state, Failure) = (State.Closed, failure);
            _socket.Dispose();
        }
    }

    private void BeginUpgrade()
    {
        if ((int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! is var error && error != 0)
        {
            throw new SocketException(error);
        }

        _state = State.Upgrading;
        _loop.Epoll.Change(_socket.SafeHandle, _key, Epoll.Interest.Read);
        SendBytes(_upgrade);
    }

    private void Read()
    {
        while (_state is State.Upgrading or State.Open)
        {
            var buffer = _loop.Buffer;
            _kept.CopyTo(buffer, 0);
            var count = Epoll.Receive(_socket.SafeHandle, buffer.AsSpan(_kept.Length));
            if (count < 0)
            {
                return;
            }

            if (count == 0)
            {
                End(_state == State.Open ? "the server hung up" : "the server hung up during the upgrade");
                return;
            }

            var bytes = buffer.AsSpan(0, _kept.Length + count);
            var isFull = bytes.Length == buffer.Length;
            var rest = Take(bytes);
            _kept = rest.IsEmpty ? [] : rest.ToArray();
            if (!isFull)
            {
                return;
            }
        }
    }

    private ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes)
    {
        if (_state == State.Upgrading)
        {
            var end = bytes.IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                return bytes;
            }

            if (!bytes.StartsWith("HTTP/1.1 101"u8))
            {
                throw new ProtocolViolationException($"The upgrade was refused: {System.Text.Encoding.ASCII.GetString(bytes[..Math.Min(end, 60)])}");
            }

            bytes = bytes[(end + 4)..];
            _state = State.Open;
            if (!_dialect.Greeting.IsEmpty)
            {
                Send(_dialect.Greeting.Span);
            }

            Opened?.Invoke();
        }

        while (_state == State.Open && TryTakeFrame(ref bytes))
        {
        }

        return bytes;
    }

    private bool TryTakeFrame(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2)
        {
            return false;
        }

        var (first, length, header) = (bytes[0], (long)(bytes[1] & 0x7F), 2);
        if (length == 126)
        {
            (length, header) = (bytes.Length < 4 ? long.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4);
        }
        else if (length == 127)
        {
            (length, header) = (bytes.Length < 10 ? long.MaxValue : BinaryPrimitives.ReadInt64BigEndian(bytes[2..]), 10);
        }

        if (bytes.Length - header < length)
        {
            return false;
        }

        var payload = bytes.Slice(header, (int)length);
        bytes = bytes[(header + (int)length)..];
        TakeFrame(first, payload);
        return true;
    }

    private void TakeFrame(byte first, ReadOnlySpan<byte> payload)
    {
        switch (first & 0xF)
        {
            case 0x8:
                SendFrame(0x8, payload.Length >= 2 ? payload[..2] : []);
                End(null);
                break;
            case 0x9:
                SendFrame(0xA, payload);
                break;
            case 0x0 or 0x1 when (first & Final) == 0 || _fragments is not null:
                (_fragments ??= new ArrayBufferWriter<byte>()).Write(payload);
                if ((first & Final) != 0)
                {
                    var whole = _fragments;
                    _fragments = null;
                    Message?.Invoke(whole.WrittenSpan);
                }

                break;
            case 0x1:
                Message?.Invoke(payload);
                break;
        }
    }

    private void SendFrame(byte opcode, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[FrameHead.MaxBytes];
        var length = FrameHead.Write(head, opcode, payload.Length);
        var frame = ArrayPool<byte>.Shared.Rent(length + payload.Length);
        head[..length].CopyTo(frame);
        payload.CopyTo(frame.AsSpan(length));
        SendBytes(frame.AsSpan(0, length + payload.Length));
        ArrayPool<byte>.Shared.Return(frame);
    }

    private void SendBytes(ReadOnlySpan<byte> bytes)
    {
        if (_state is not (State.Upgrading or State.Open))
        {
            return;
        }

        if (_unsent is not null)
        {
            _unsent = [.. _unsent, .. bytes];
            return;
        }

        var sent = Math.Max(Epoll.Send(_socket.SafeHandle, bytes), 0);
        if (sent < bytes.Length)
        {
            _unsent = bytes[sent..].ToArray();
            _loop.Epoll.Change(_socket.SafeHandle, _key, Epoll.Interest.Read | Epoll.Interest.Write);
        }
    }

    private void SendRest()
    {
        var rest = _unsent!;
        _unsent = null;
        _loop.Epoll.Change(_socket.SafeHandle, _key, Epoll.Interest.Read);
        SendBytes(rest);
    }
}
