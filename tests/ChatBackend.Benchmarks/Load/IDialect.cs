using System.Net;

namespace ChatBackend.Benchmarks.Load;

/// <summary>How a server is talked to; what is talked about is the same with all of them.</summary>
internal interface IDialect
{
    /// <summary>The HTTP request that opens the WebSocket.</summary>
    byte[] Upgrade(IPEndPoint server, string? token);

    /// <summary>Sent once the WebSocket is open; empty when nothing is.</summary>
    ReadOnlyMemory<byte> Greeting { get; }

    byte[] Chat(ChatRequest request);

    byte[] Follow(string id, string threadId, long afterSeq);

    /// <summary>Takes a message apart: events go to <see cref="LoadClient.TakeEvent"/>, what the dialect itself asks is answered.</summary>
    void Take(ReadOnlySpan<byte> message, LoadClient client);
}

/// <param name="ThreadId">Null to have one opened.</param>
/// <param name="Agent">Null for the one that plays scenarios.</param>
internal sealed record ChatRequest(string Id, string Content, string? ThreadId, string? Agent = null);
