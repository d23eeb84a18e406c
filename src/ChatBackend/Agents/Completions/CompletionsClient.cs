using System.Runtime.CompilerServices;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>A model behind an OpenAI-compatible chat completions API. It reads what can be understood; what cannot is a <see cref="ModelException"/> that names what came.</summary>
internal sealed class CompletionsClient(ModelEndpoint endpoint, TimeProvider clock) : IChatClient
{
    private const string Operation = "/chat/completions";

    private readonly EndpointHttp _http = new(endpoint, clock);

    // What this endpoint was found to want, from its own answers.
    private volatile bool _countsUnasked; // it does not know stream_options, by which counts are asked for
    private volatile bool _namesTokensNewly; // it wants max_completion_tokens in place of max_tokens
    private volatile bool _wantsThinking; // it wants thinking in every answer, also in those of other models

    /// <param name="key">Null to send none.</param>
    public static IChatClient Connect(ModelEndpointOptions options, string? key, TimeProvider clock)
    {
        var isAzure = options.Provider.Equals(ModelProviders.AzureOpenAI, StringComparison.OrdinalIgnoreCase);
        var endpoint = ModelEndpoint.Of(options, key, EndpointAddresses.Of(options, Operation), isAzure ? "api-key" : null);
        return new EndpointModel(new CompletionsClient(endpoint, clock), endpoint, clock);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        using var response = await _http.PostAsync(
            () => RequestWriter.Write(endpoint, conversation, options, new RequestDialect(!_countsUnasked, _namesTokensNewly, _wantsThinking)),
            (_, said) => Adapts(said, conversation),
            cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var chunks = new ChunkReader(body, endpoint.Settings.Timeout, _http.Patience, clock);
        var answer = new AnswerReader();
        await foreach (var chunk in chunks.ReadAsync(cancellationToken))
        {
            if (answer.Add(chunk).ToList() is { Count: > 0 } contents)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, contents);
            }
        }

        if (!answer.IsAny && answer.Finish is null && chunks.Unknown.Length > 0)
        {
            throw ModelErrors.OfOtherContent(response, chunks.Unknown);
        }

        if (!answer.IsAny && answer.Finish is null)
        {
            throw new ModelException(ModelErrorKind.Unavailable, "The endpoint ended its answer before the first word.");
        }

        var last = answer.End(chunks.IsDone).ToList();
        yield return new ChatResponseUpdate(ChatRole.Assistant, last) { FinishReason = answer.Finish, ModelId = answer.Model };
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai", endpoint.Addresses[0], endpoint.Settings.Model)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => _http.Dispose();

    private bool Adapts(string said, List<ChatMessage> conversation)
    {
        if (!_wantsThinking && said.Contains(ProviderData.ReasoningContent, StringComparison.Ordinal)
            && conversation.Exists(message => message.Role == ChatRole.Assistant && !message.Contents.Any(content => content is TextReasoningContent)))
        {
            return _wantsThinking = true;
        }

        if (!_countsUnasked && said.Contains(RequestWriter.StreamOptions, StringComparison.Ordinal))
        {
            return _countsUnasked = true;
        }

        return !_namesTokensNewly && said.Contains(RequestWriter.MaxCompletionTokens, StringComparison.Ordinal) && (_namesTokensNewly = true);
    }
}
