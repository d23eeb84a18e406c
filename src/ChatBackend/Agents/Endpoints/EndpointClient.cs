using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>A model behind an API over HTTP. It reads what can be understood; what cannot is a <see cref="ModelException"/> that names what came.</summary>
internal abstract class EndpointClient(ModelEndpoint endpoint, TimeProvider clock) : IChatClient
{
    private readonly EndpointHttp _http = new(endpoint, clock);

    protected ModelEndpoint Endpoint { get; } = endpoint;

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        using var response = await _http.PostAsync(() => Write(conversation, options), said => Adapts(said, conversation), cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var chunks = new ChunkReader(body, Endpoint.Settings.Timeout, _http.Patience, clock);
        var answer = NewAnswer();
        await foreach (var chunk in chunks.ReadAsync(cancellationToken))
        {
            if (answer.Add(chunk).ToList() is { Count: > 0 } contents)
            {
                JoinTexts(contents);
                yield return new ChatResponseUpdate(ChatRole.Assistant, contents);
            }

            if (answer.IsOver)
            {
                break;
            }
        }

        if (!answer.IsAny && answer.Finish is null)
        {
            throw chunks.Unknown.Length > 0
                ? ModelErrors.OfOtherContent(response, chunks.Unknown)
                : new ModelException(ModelErrorKind.Unavailable, "The endpoint ended its answer before the first word.");
        }

        var last = answer.End(chunks.IsDone).ToList();
        yield return new ChatResponseUpdate(ChatRole.Assistant, last) { FinishReason = answer.Finish, ModelId = answer.Model };
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai", Endpoint.Addresses[0], Endpoint.Settings.Model)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => _http.Dispose();

    /// <summary>One text where neighbours are texts: each content is published by itself, and one chunk may hold tens of thousands.</summary>
    private static void JoinTexts(List<AIContent> contents)
    {
        var kept = 0;
        for (var i = 0; i < contents.Count; kept++)
        {
            var first = i++;
            contents[kept] = contents[first];
            while (i < contents.Count && contents[first] is TextContent { AdditionalProperties: null } && contents[i] is TextContent { AdditionalProperties: null })
            {
                i++;
            }

            if (i - first > 1)
            {
                contents[kept] = new TextContent(string.Concat(contents.Take(first..i)));
            }
        }

        contents.RemoveRange(kept, contents.Count - kept);
    }

    /// <summary>The body of the request.</summary>
    protected abstract byte[] Write(IReadOnlyList<ChatMessage> conversation, ChatOptions? options);

    protected abstract StreamedAnswer NewAnswer();

    /// <summary>Learns from a refusal what this endpoint wants.</summary>
    /// <returns>Whether it is asked again with another body.</returns>
    protected abstract bool Adapts(string said, IReadOnlyList<ChatMessage> conversation);
}
