namespace ChatBackend;

/// <summary>A stream that is read, asynchronously, and nothing else. Compiled into the projects that have one.</summary>
internal abstract class ReadOnlyStream : Stream
{
    private const string Only = "It is only read, and asynchronously.";

    public sealed override bool CanRead => true;

    public override bool CanSeek => false;

    public sealed override bool CanWrite => false;

    public override long Length => throw new NotSupportedException(Only);

    public override long Position
    {
        get => throw new NotSupportedException(Only);
        set => throw new NotSupportedException(Only);
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public sealed override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException(Only);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException(Only);

    public sealed override void SetLength(long value) => throw new NotSupportedException(Only);

    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException(Only);

    public sealed override void Flush()
    {
    }
}
