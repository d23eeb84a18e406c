using System.Buffers.Binary;

namespace ChatBackend.Benchmarks.Load;

/// <summary>The head of a frame that a client sends whole (RFC 6455, 5.2).</summary>
internal static class FrameHead
{
    public const int MaxBytes = 14;

    private const byte Final = 0x80;
    private const byte Masked = 0x80;

    /// <summary>A client's frame is masked; a mask of zeros changes nothing.</summary>
    /// <returns>How many bytes it takes.</returns>
    public static int Write(Span<byte> head, byte opcode, int payload)
    {
        head[0] = (byte)(Final | opcode);
        var length = 2;
        if (payload < 126)
        {
            head[1] = (byte)(Masked | payload);
        }
        else if (payload <= ushort.MaxValue)
        {
            head[1] = Masked | 126;
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)payload);
            length = 4;
        }
        else
        {
            head[1] = Masked | 127;
            BinaryPrimitives.WriteInt64BigEndian(head[2..], payload);
            length = 10;
        }

        head.Slice(length, 4).Clear();
        return length + 4;
    }
}
