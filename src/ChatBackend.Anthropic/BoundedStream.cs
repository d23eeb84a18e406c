using ChatBackend.Agents;

namespace ChatBackend.Anthropic;

/// <summary>An answer as it comes, bounded in its length, in the length of one line, which the SDK reads whole, and in the time without a byte.</summary>
/// <param name="patience">How long nothing may come at the beginning.</param>
/// <param name="silence">How long nothing may come after it.</param>
internal sealed class BoundedStream(Stream answer, TimeSpan patience, TimeSpan silence, TimeProvider clock) : Stream
{
    private const int MaxBytes = 32 * 1024 * 1024;
    private const int MaxLineBytes = 1024 * 1024;

    private long _read;
    private long _line;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var bound = _read == 0 ? patience : silence;
        int count;
        try
        {
            count = await answer.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(bound, clock, cancellationToken);
        }
        catch (TimeoutException ex)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent nothing for {bound.TotalSeconds:0.###} s.", inner: ex);
        }
        catch (Exception ex) when (ex is IOException or HttpRequestException)
        {
            throw new ModelException(ModelErrorKind.Unavailable, "The answer was cut off.", inner: ex);
        }

        _read += count;
        var end = buffer.Span[..count].LastIndexOf((byte)'\n');
        _line = end >= 0 ? count - end - 1 : _line + count;
        return _read <= MaxBytes && _line <= MaxLineBytes ? count : throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent more than {(_line > MaxLineBytes ? MaxLineBytes : MaxBytes)} bytes in one {(_line > MaxLineBytes ? "line" : "answer")}.");
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            answer.Dispose();
        }

        base.Dispose(disposing);
    }
}
