using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>
/// Gives each call a token that is cancelled when the call is over, however it ends: see <see cref="ResponseEndsWithCall"/>.
/// Endpoints that are compatible but for a detail make the SDK throw what looks like a bug of ours: here it becomes the endpoint's.
/// </summary>
internal sealed class EndpointChatClient(IChatClient endpoint) : DelegatingChatClient(endpoint)
{
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await using var updates = base.GetStreamingResponseAsync(messages, options, call.Token).GetAsyncEnumerator(call.Token);
            while (await NextAsync(updates, cancellationToken))
            {
                yield return updates.Current;
            }
        }
        finally
        {
            await call.CancelAsync();
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> updates, CancellationToken cancellationToken)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken); // a response that is closed while it is read may throw anything
        }
        catch (Exception ex) when (ex is JsonException or ArgumentException or FormatException or KeyNotFoundException
            || ex.GetType() == typeof(InvalidOperationException))
        {
            throw new HttpIOException(HttpRequestError.InvalidResponse, "The response of the model's endpoint is not a chat completion.", ex);
        }
    }
}
