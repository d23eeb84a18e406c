namespace ChatBackend.Mcp.Transport;

/// <summary>A server sent a message that is larger than it may be.</summary>
internal sealed class MessageTooLargeException(int maxBytes) : IOException($"It sent a message of more than {maxBytes} bytes.");
