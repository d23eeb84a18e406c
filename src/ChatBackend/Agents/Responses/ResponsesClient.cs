using System.Runtime.CompilerServices;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Responses;

/// <summary>A model behind OpenAI's Responses API. Nothing is kept at the provider: each request has the whole conversation, with the thinking as the model gave it.</summary>
internal sealed class ResponsesClient(ModelEndpoint endpoint, TimeProvider clock) : IChatClient
{
    private const string Operation = "/responses";

    private readonly EndpointHttp _http = new(endpoint, clock);
    private volatile bool _hasNoThinking; // the model has none that could be given back, and refuses to be asked for it

    /// <param name="key">Null to send none.</param>
    public static IChatClient Connect(ModelEndpointOptions options, string? key, TimeProvider clock)
    {
        var endpoint = ModelEndpoint.Of(options, key, EndpointAddresses.Of(options, Operation));
        return new EndpointModel(new ResponsesClient(endpoint, clock), endpoint, clock);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        using var response = await _http.PostAsync(() => ResponsesWriter.Write(endpoint, conversation, options, asksForThinking: !_hasNoThinking), Adapts, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var chunks = new ChunkReader(body, endpoint.Settings.Timeout, _http.Patience, clock);
        var answer = new ResponsesReader();
        await foreach (var chunk in chunks.ReadAsync(cancellationToken))
        {
            if (answer.Add(chunk).ToList() is { Count: > 0 } contents)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, contents);
            }

            if (answer.Finish is not null)
            {
                break; // some keep the connection open
            }
        }

        if (!answer.IsAny && answer.Finish is null)
        {
            throw chunks.Unknown.Length > 0
                ? ModelErrors.OfOtherContent(response, chunks.Unknown)
                : new ModelException(ModelErrorKind.Unavailable, "The endpoint ended its answer before the first word.");
        }

        yield return new ChatResponseUpdate(ChatRole.Assistant, answer.End().ToList()) { FinishReason = answer.Finish };
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai", endpoint.Addresses[0], endpoint.Settings.Model)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => _http.Dispose();

    private bool Adapts(int status, string said) =>
        !_hasNoThinking && said.Contains(ResponsesWriter.Thinking, StringComparison.OrdinalIgnoreCase) && (_hasNoThinking = true);
}
