using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Rest;

/// <summary>Reads a stored result as it is sent: one piece of it is in memory at a time.</summary>
internal sealed class StoredResultStream(IThreadStore store, ThreadId thread, CallId call, ResultPiece first) : ReadOnlyStream
{
    private (int At, ResultPiece Piece) _read = (0, first);

    public override bool CanSeek => true;

    public override long Length => first.Total;

    public override long Position { get; set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length)
        {
            return 0;
        }

        var at = (int)(Position / WholeResult.PieceBytes);
        if (_read.At != at)
        {
            // Erased meanwhile: what is sent must not end as if it were whole.
            _read = (at, await store.ReadResultAsync(thread, call, at, cancellationToken) ?? throw new IOException($"The result of {call} is gone."));
        }

        var rest = _read.Piece.Bytes[(int)(Position % WholeResult.PieceBytes)..];
        var count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        Position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => Length,
    };
}
