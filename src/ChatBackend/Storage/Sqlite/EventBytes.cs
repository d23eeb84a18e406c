using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace ChatBackend.Storage.Sqlite;

/// <summary>How an event is stored: as its JSON, or compressed where that is long. Compressed: a 1, the length of the JSON (4 bytes, little-endian), Brotli.</summary>
internal static class EventBytes
{
    // Ids, which do not compress, are most of a shorter event, and SQL can read what stays JSON.
    private const int MinJson = 512;

    // What a damaged length may make a reader allocate.
    private const int MaxJson = 1 << 28;

    // No JSON begins with it.
    private const byte Brotli = 1;
    private const int HeaderBytes = 1 + sizeof(int);

    // Measured on events of 1.3 KB: a higher quality takes twice as long for a few bytes.
    private const int Quality = 3;
    private const int Window = 18;

    public static bool IsCompressed(ReadOnlySpan<byte> stored) => stored is [Brotli, ..] && stored.Length > HeaderBytes;

    public static ReadOnlyMemory<byte> Compress(ReadOnlyMemory<byte> json)
    {
        if (json.Length is < MinJson or > MaxJson)
        {
            return json;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(json.Length);
        try
        {
            var room = buffer.AsSpan(0, json.Length);
            if (!BrotliEncoder.TryCompress(json.Span, room[HeaderBytes..], out var length, Quality, Window))
            {
                // It would not be shorter.
                return json;
            }

            room[0] = Brotli;
            BinaryPrimitives.WriteInt32LittleEndian(room[1..], json.Length);
            return room[..(HeaderBytes + length)].ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>The JSON. Damaged bytes are returned as they are: they are not JSON, which the reader of the event reports.</returns>
    public static byte[] Decompress(ReadOnlySpan<byte> stored)
    {
        if (IsCompressed(stored) && BinaryPrimitives.ReadInt32LittleEndian(stored[1..]) is > 0 and <= MaxJson and var length)
        {
            var json = new byte[length];
            if (BrotliDecoder.TryDecompress(stored[HeaderBytes..], json, out var written) && written == length)
            {
                return json;
            }
        }

        return stored.ToArray();
    }
}
