using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Demo;

/// <summary>Needs nothing from outside and says plainly that it is not a language model: finds the tool for a few phrases, then words its result.</summary>
internal sealed class DemoModel : IChatClient
{
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Answer([.. messages]).ToAsyncEnumerable();

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static IEnumerable<ChatResponseUpdate> Answer(IReadOnlyList<ChatMessage> conversation)
    {
        // A message that enters the run is answered beside the first, unless that one has its answer already.
        var open = conversation.Skip(Enumerable.Range(0, conversation.Count).LastOrDefault(at => IsAnswer(conversation[at]), -1) + 1).ToList();
        var questions = open.Where(message => message.Role == ChatRole.User).Select(message => message.Text).ToList();
        var results = new Queue<FunctionResultContent>(open.SelectMany(message => message.Contents).OfType<FunctionResultContent>());
        var intents = questions.Select(DemoIntent.Of).ToList();
        if (intents.OfType<DemoIntent>().ElementAtOrDefault(results.Count) is { } intent)
        {
            var arguments = new Dictionary<string, object?> { [intent.Parameter] = intent.Value };
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent(CallId.New().Value, intent.Tool, arguments)]);
            yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.ToolCalls };
            yield break;
        }

        var answers = questions.Zip(intents, (question, asked) => asked is null ? DemoAnswer.Help : DemoAnswer.To(question, asked, results.Dequeue()));
        foreach (var word in Words(string.Join("\n\n", answers)))
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, word);
        }

        yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop };
    }

    private static bool IsAnswer(ChatMessage message) =>
        message.Role == ChatRole.Assistant && !message.Contents.Any(content => content is FunctionCallContent);

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
