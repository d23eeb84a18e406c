using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>A model behind an OpenAI-compatible chat completions API.</summary>
internal sealed class CompletionsClient(ModelEndpoint endpoint, TimeProvider clock) : EndpointClient(endpoint, clock)
{
    private const string Operation = "/chat/completions";

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

    protected override byte[] Write(IReadOnlyList<ChatMessage> conversation, ChatOptions? options) =>
        RequestWriter.Write(Endpoint, conversation, options, new RequestDialect(!_countsUnasked, _namesTokensNewly, _wantsThinking));

    protected override StreamedAnswer NewAnswer() => new AnswerReader();

    protected override bool Adapts(string said, IReadOnlyList<ChatMessage> conversation)
    {
        if (!_wantsThinking && said.Contains(ProviderData.ReasoningContent, StringComparison.Ordinal)
            && conversation.Any(message => message.Role == ChatRole.Assistant && !message.Contents.Any(content => content is TextReasoningContent)))
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
