namespace ChatBackend.Mcp.Transport;

/// <summary>Where a message of a server ends.</summary>
internal enum MessageEnd
{
    /// <summary>At the end of a line, as on standard output.</summary>
    Line,

    /// <summary>At an empty line, as in a stream of events.</summary>
    EmptyLine,

    /// <summary>With the stream, as in a response of JSON.</summary>
    Stream,
}

/// <summary>What a server sends, read with bounds: so many bytes for a message, so many messages in a second. Who sends faster waits; who sends more breaks off.</summary>
internal sealed class BoundedStream(Stream inner, int maxMessageBytes, MessageEnd end, TimeProvider clock) : ReadOnlyStream
{
    public const int MaxMessagesPerSecond = 1000;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private int _bytes; // of the message that is read now
    private bool _lineIsEmpty = true;
    private int _messages; // in this window
    private long _windowBegan = clock.GetTimestamp();

    /// <exception cref="MessageTooLargeException">A message has more bytes than it may.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await WaitForPaceAsync(cancellationToken);
        var read = await inner.ReadAsync(buffer, cancellationToken);
        Measure(buffer.Span[..read]);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask WaitForPaceAsync(CancellationToken cancellationToken)
    {
        var elapsed = clock.GetElapsedTime(_windowBegan);
        if (elapsed < Window && _messages <= MaxMessagesPerSecond)
        {
            return;
        }

        if (elapsed < Window)
        {
            await Task.Delay(Window - elapsed, clock, cancellationToken);
        }

        (_messages, _windowBegan) = (0, clock.GetTimestamp());
    }

    private void Measure(ReadOnlySpan<byte> read)
    {
        foreach (var value in read)
        {
            if (value == (byte)'\n')
            {
                if (end == MessageEnd.Line || (end == MessageEnd.EmptyLine && _lineIsEmpty))
                {
                    _bytes = 0;
                    _messages++;
                }

                _lineIsEmpty = true;
            }
            else if (value != (byte)'\r')
            {
                _lineIsEmpty = false;
            }

            if (++_bytes > maxMessageBytes)
            {
                throw new MessageTooLargeException(maxMessageBytes);
            }
        }
    }
}
