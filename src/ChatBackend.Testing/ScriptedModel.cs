using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace ChatBackend.Testing;

/// <summary>A model that answers each step of a run with what the test wrote for it, and keeps what it was shown.</summary>
public sealed class ScriptedModel : IChatClient
{
    private readonly Lock _lock = new();
    private readonly List<IReadOnlyList<ChatMessage>> _requests = [];
    private readonly AIContent[][] _steps;

    /// <param name="steps">
    /// What it says and calls, step by step: the first one answers the user's message, the next one the results of the tools that the first one called.
    /// Each message of the user begins again at the first. Behind the last step it says <c>done</c>.
    /// </param>
    public ScriptedModel(params AIContent[][] steps) => _steps = steps;

    /// <summary>The messages that it was shown, step by step.</summary>
    public IReadOnlyList<IReadOnlyList<ChatMessage>> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>The tools that it was shown last.</summary>
    public IReadOnlyList<AITool> Tools { get; private set; } = [];

    /// <summary>A step's text.</summary>
    public static TextContent Say(string text) => new(text);

    /// <summary>A step's call of a tool; a step with several calls has them made together.</summary>
    public static FunctionCallContent Call(string tool, params (string Name, object? Value)[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new($"call_{Guid.NewGuid():N}", tool, arguments.ToDictionary(argument => argument.Name, argument => argument.Value));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        IReadOnlyList<ChatMessage> shown = [.. messages];
        lock (_lock)
        {
            _requests.Add(shown);
            Tools = [.. options?.Tools ?? []];
        }

        var step = shown.Reverse().TakeWhile(message => message.Role != ChatRole.User).Count(message => message.Role == ChatRole.Tool);
        yield return new ChatResponseUpdate(ChatRole.Assistant, step < _steps.Length ? _steps[step] : [Say("done")]);
        yield return new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop };
    }

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Does nothing: it may be used again.</summary>
    public void Dispose()
    {
    }
}
