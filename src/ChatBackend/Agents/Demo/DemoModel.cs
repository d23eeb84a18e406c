using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Demo;

/// <summary>Needs nothing from outside and says plainly that it is not a language model: finds the tool for a few phrases, then words its result.</summary>
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
        var intents = turn.Questions.Select(DemoIntent.Of).ToList();
        if (intents.OfType<DemoIntent>().ElementAtOrDefault(turn.ToolResults.Count) is { } intent)
        {
            var arguments = new Dictionary<string, object?> { [intent.Parameter] = intent.Value };
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent(CallId.New().Value, intent.Tool, arguments)]);
            yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.ToolCalls };
            yield break;
        }

        var results = new Queue<FunctionResultContent>(turn.ToolResults);
        var answers = turn.Questions.Zip(intents, (question, asked) => asked is null ? DemoAnswer.Help : DemoAnswer.To(question, asked, results.Dequeue()));
        foreach (var word in Words(string.Join("\n\n", answers)))
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
