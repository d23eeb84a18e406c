using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Runs;

/// <summary>Answers each step with what the test says, and keeps what it was shown.</summary>
internal sealed class PlayedModel(params ChatResponseUpdate[][] steps) : IChatClient
{
    private readonly Queue<ChatResponseUpdate[]> _steps = new(steps);

    public List<string> Shown { get; } = [];

    public List<IList<AITool>?> Tools { get; } = [];

    /// <summary>Called before each update.</summary>
    public Action Before { get; set; } = () => { };

    public static ChatResponseUpdate Of(params AIContent[] contents) => new(ChatRole.Assistant, contents);

    public static ChatResponseUpdate Say(string text) => Of(new TextContent(text));

    public static ChatResponseUpdate Call(string id, string tool, Dictionary<string, object?>? arguments = null) => Of(new FunctionCallContent(id, tool, arguments ?? []));

    public static ChatResponseUpdate End(params AIContent[] contents) => new(ChatRole.Assistant, contents) { FinishReason = ChatFinishReason.Stop };

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Shown.Add(string.Join('|', messages.Select(message => $"{message.Role}:{string.Join('+', message.Contents.Select(TextOf))}")));
        Tools.Add(options?.Tools);
        await Task.CompletedTask;
        foreach (var update in _steps.Dequeue())
        {
            Before();
            yield return update;
        }
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    /// <summary>In short what a content says, as <see cref="Shown"/> has it.</summary>
    public static string TextOf(AIContent content) => content switch
    {
        TextContent text => text.Text,
        FunctionCallContent call => $"call {call.CallId} {call.Name}",
        FunctionResultContent result => $"result {result.CallId} {System.Text.Json.JsonSerializer.Serialize(result.Result)}",
        _ => content.GetType().Name,
    };
}
