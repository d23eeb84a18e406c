using ChatBackend.Protocol;

namespace ChatBackend.Storage;

/// <summary>A tool's whole result, of which its event holds only the begin and the end: JSON in pieces, so that it is read and erased a little at a time.</summary>
internal sealed record WholeResult(CallId Call, int Bytes, IReadOnlyList<ReadOnlyMemory<byte>> Pieces)
{
    public const int PieceBytes = 64 * 1024;

    public static WholeResult Of(CallId call, ReadOnlyMemory<byte> json)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (var at = 0; at < json.Length; at += PieceBytes)
        {
            pieces.Add(json.Slice(at, Math.Min(PieceBytes, json.Length - at)));
        }

        return new WholeResult(call, json.Length, pieces);
    }
}

/// <param name="Total">The length of the whole.</param>
internal sealed record ResultPiece(int Total, ReadOnlyMemory<byte> Bytes);
