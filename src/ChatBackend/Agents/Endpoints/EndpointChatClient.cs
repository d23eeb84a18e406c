using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Endpoints that are compatible but for a detail make the SDK throw what looks like a bug of ours: here it becomes the endpoint's.</summary>
internal sealed class EndpointChatClient(IChatClient endpoint) : DelegatingChatClient(endpoint)
{
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var updates = base.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(updates))
        {
            yield return updates.Current;
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentException or FormatException or KeyNotFoundException
            || unreadable.GetType() == typeof(InvalidOperationException))
        {
            throw new HttpIOException(HttpRequestError.InvalidResponse, "The model's endpoint sent what is no chat completion.", unreadable);
        }
    }
}
