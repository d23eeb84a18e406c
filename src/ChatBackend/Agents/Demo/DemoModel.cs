using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Demo;

/// <summary>Needs nothing from outside and says plainly that it is no language model: finds the tool for a few phrases, then words its result.</summary>
internal sealed class DemoModel : IChatClient
{
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Answer(Turn.Of(messages)).ToAsyncEnumerable();

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static IEnumerable<ChatResponseUpdate> Answer(Turn turn)
    {
        if (turn.ToolResults == 0 && DemoIntent.Of(turn.Question) is { } intent)
        {
            var arguments = new Dictionary<string, object?> { [intent.Parameter] = intent.Value };
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent(CallId.New().Value, intent.Tool, arguments)]);
            yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.ToolCalls };
            yield break;
        }

        foreach (var word in Words(turn.ToolResults == 0 ? DemoAnswer.Help : DemoAnswer.To(turn)))
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, word);
        }

        yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop };
    }

    /// <summary>Each with the space after it, so that together they are the text.</summary>
    private static IEnumerable<string> Words(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var space = text.IndexOf(' ', at);
            var end = space < 0 ? text.Length : space + 1;
            yield return text[at..end];
            at = end;
        }
    }
}
