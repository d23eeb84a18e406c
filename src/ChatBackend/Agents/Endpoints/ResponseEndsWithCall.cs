using System.ClientModel.Primitives;

namespace ChatBackend.Agents.Endpoints;

/// <summary>
/// Closes the HTTP response when the call's token is cancelled. The SDK forgets it when that happens between the response's
/// headers and the first read: the endpoint would go on, and tokens be spent, until the garbage collector finds the socket.
/// </summary>
internal sealed class ResponseEndsWithCall : PipelinePolicy
{
    public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        ProcessNext(message, pipeline, currentIndex);
        CloseWhenCancelled(message);
    }

    public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        await ProcessNextAsync(message, pipeline, currentIndex);
        CloseWhenCancelled(message);
    }

    // The token is EndpointChatClient's own, one for each call, and takes the registration with it.
    private static void CloseWhenCancelled(PipelineMessage message)
    {
        if (message.Response is { } response)
        {
            message.CancellationToken.Register(response.Dispose);
        }
    }
}
