using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>A model behind an OpenAI-compatible chat completions API.</summary>
internal static class EndpointModel
{
    /// <param name="key">Null to send none.</param>
    public static IChatClient Connect(ModelEndpointOptions endpoint, string? key, TimeProvider clock)
    {
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(endpoint.Endpoint),
            NetworkTimeout = endpoint.Timeout,
            RetryPolicy = new ModelRetryPolicy(clock),
            // Requests hold what people wrote and the key.
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        };
        options.AddPolicy(new ResponseEndsWithCall(), PipelinePosition.PerCall);
        if (key is null)
        {
            options.AddPolicy(new NoKey(), PipelinePosition.BeforeTransport);
        }

        var client = new OpenAIClient(new ApiKeyCredential(key ?? "none"), options);
        return new EndpointChatClient(client.GetChatClient(endpoint.Model).AsIChatClient());
    }

    /// <summary>The SDK always has a key; an endpoint without one is not sent the stand-in.</summary>
    private sealed class NoKey : PipelinePolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Remove("Authorization");
            ProcessNext(message, pipeline, currentIndex);
        }

        public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Remove("Authorization");
            return ProcessNextAsync(message, pipeline, currentIndex);
        }
    }
}
