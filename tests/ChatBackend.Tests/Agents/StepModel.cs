using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents;

/// <summary>A model that answers each step of a run with what the test wrote for it, and keeps what it was shown.</summary>
internal sealed class StepModel(params AIContent[][] steps) : IChatClient
{
    private readonly Lock _lock = new();
    private readonly List<IReadOnlyList<ChatMessage>> _asked = [];

    /// <summary>What it was shown, step by step.</summary>
    public IReadOnlyList<IReadOnlyList<ChatMessage>> Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _asked];
            }
        }
    }

    /// <summary>The tools it was told of last.</summary>
    public IReadOnlyList<AITool> Tools { get; private set; } = [];

    public static FunctionCallContent Call(string tool, params (string Name, object? Value)[] arguments) =>
        new($"call_{Guid.NewGuid():N}", tool, arguments.ToDictionary(argument => argument.Name, argument => argument.Value));

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        IReadOnlyList<ChatMessage> shown = [.. messages];
        lock (_lock)
        {
            _asked.Add(shown);
            Tools = [.. options?.Tools ?? []];
        }

        var step = shown.Reverse().TakeWhile(message => message.Role != ChatRole.User).Count(message => message.Role == ChatRole.Tool);
        yield return new ChatResponseUpdate(ChatRole.Assistant, step < steps.Length ? steps[step] : [new TextContent("done")]);
        yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop };
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
