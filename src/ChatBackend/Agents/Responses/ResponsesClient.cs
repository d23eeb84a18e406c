using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Responses;

/// <summary>A model behind OpenAI's Responses API. Nothing is kept at the provider: each request has the whole conversation, with the thinking as the model gave it.</summary>
internal sealed class ResponsesClient(ModelEndpoint endpoint, TimeProvider clock) : EndpointClient(endpoint, clock)
{
    private const string Operation = "/responses";

    private volatile bool _hasNoThinking; // the model has none that could be given back, and refuses to be asked for it

    /// <param name="key">Null to send none.</param>
    public static IChatClient Connect(ModelEndpointOptions options, string? key, TimeProvider clock)
    {
        var endpoint = ModelEndpoint.Of(options, key, EndpointAddresses.Of(options, Operation));
        return new EndpointModel(new ResponsesClient(endpoint, clock), endpoint, clock);
    }

    protected override byte[] Write(IReadOnlyList<ChatMessage> conversation, ChatOptions? options) =>
        ResponsesWriter.Write(Endpoint, conversation, options, asksForThinking: !_hasNoThinking);

    protected override StreamedAnswer NewAnswer() => new ResponsesReader();

    protected override bool Adapts(string said, IReadOnlyList<ChatMessage> conversation) =>
        !_hasNoThinking && said.Contains(ResponsesWriter.Thinking, StringComparison.OrdinalIgnoreCase) && (_hasNoThinking = true);
}
