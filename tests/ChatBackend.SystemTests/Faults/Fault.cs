namespace ChatBackend.SystemTests.Faults;

/// <summary>What a network does to one connection, once so many bytes have gone one way.</summary>
/// <param name="After">Bytes that still pass; it strikes when a further one arrives.</param>
/// <param name="Time">How long a stall or a slow stretch lasts, and how long a half-closed connection is left before it is cut.</param>
internal sealed record Fault(FaultKind Kind, Direction Direction, long After, TimeSpan Time)
{
    private const int HandshakeBytes = 512;
    private const int LongestConnection = 100_000;

    /// <summary>Three in four connections have one. Where it strikes is spread over orders of magnitude: in the handshake, in the first frames, late.</summary>
    public static Fault? Draw(Random dice)
    {
        if (dice.Next(4) == 0)
        {
            return null;
        }

        var direction = (Direction)dice.Next(2);
        var most = direction == Direction.Up ? LongestConnection / 20 : LongestConnection;
        var after = dice.Next(10) == 0 ? dice.Next(HandshakeBytes) : (long)(HandshakeBytes * Math.Pow((double)most / HandshakeBytes, dice.NextDouble()));
        return new Fault((FaultKind)dice.Next(5), direction, after, TimeSpan.FromMilliseconds(dice.Next(50, 2000)));
    }
}

internal enum FaultKind
{
    /// <summary>Both sides see the end of the stream.</summary>
    Cut,

    /// <summary>Both sides see a reset.</summary>
    Reset,

    /// <summary>Nothing passes for a while, then all.</summary>
    Stall,

    /// <summary>The one side is told that nothing more comes, while the other direction goes on for a while.</summary>
    HalfClose,

    /// <summary>What arrived last passes a few bytes at a time.</summary>
    Slow,
}

internal enum Direction
{
    /// <summary>From the client to the server.</summary>
    Up,

    /// <summary>From the server to the client.</summary>
    Down,
}
