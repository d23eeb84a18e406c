namespace ChatBackend.Protocol;

/// <summary>Names that both sides of the wire share.</summary>
public static class ChatProtocol
{
    /// <summary>The WebSocket sub-protocol.</summary>
    public const string Name = "chat.v1";

    /// <summary>Prefix of the second sub-protocol a browser may offer to carry its token; never echoed.</summary>
    public const string BearerPrefix = "bearer.";

    /// <summary>Where the WebSocket is.</summary>
    public const string Path = "/ws";

    /// <summary>How deep a frame may nest.</summary>
    public const int MaxDepth = 32;
}

/// <summary>WebSocket close codes. A failure never closes with 1000.</summary>
public static class CloseCodes
{
    public const int Normal = 1000;
    public const int GoingAway = 1001;
    public const int BinaryRefused = 1003;
    public const int InvalidUtf8 = 1007;
    public const int Policy = 1008;
    public const int TooBig = 1009;
    public const int Internal = 1011;
    public const int AtCapacity = 1013;
    public const int Unauthenticated = 4401;
    public const int Forbidden = 4403;
    public const int TimedOut = 4408;
    public const int TooSlow = 4409;
    public const int RateLimited = 4429;
}
