using ChatBackend.Agents;

namespace ChatBackend.Anthropic;

/// <summary>An answer as it comes, bounded in its length, in the length of one line, which the SDK reads whole, and in the time without a byte.</summary>
/// <param name="patience">How long nothing may come at the beginning.</param>
/// <param name="silence">How long nothing may come after it.</param>
internal sealed class BoundedStream(Stream answer, TimeSpan patience, TimeSpan silence, TimeProvider clock) : ReadOnlyStream
{
    private const int MaxBytes = 32 * 1024 * 1024;
    private const int MaxLineBytes = 1024 * 1024;

    private long _read;
    private long _line;

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
        return (_line > MaxLineBytes, _read > MaxBytes) switch
        {
            (true, _) => throw TooLong(MaxLineBytes, "line"),
            (_, true) => throw TooLong(MaxBytes, "answer"),
            _ => count,
        };
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            answer.Dispose();
        }

        base.Dispose(disposing);
    }

    private static ModelException TooLong(int max, string what) => new(ModelErrorKind.Unavailable, $"The endpoint sent more than {max} bytes in one {what}.");
}
