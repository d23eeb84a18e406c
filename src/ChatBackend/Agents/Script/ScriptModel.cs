using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Script;

/// <summary>Plays the scenario in the last message of the user, through the same loop as every model. Remembers nothing: where it is follows from the tool results it is shown.</summary>
internal sealed class ScriptModel(TimeProvider clock) : IChatClient
{
    public const string Name = "script";

    /// <summary>The step, on the call that a <c>tool</c> step makes.</summary>
    public const string StepKey = "step";

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var conversation = messages.ToList();
        var asked = conversation.FindLastIndex(message => message.Role == ChatRole.User);
        if (Scenario.Read(conversation[asked].Text, out var problem) is not { } scenario)
        {
            yield return Said(new TextContent($$"""{{problem}} Try {"steps":[{"say":"Hello","chunks":2},{"tool":"look","result":"found"},{"say":"Bye"}]}."""));
            yield return Finished(ChatFinishReason.Stop, 1);
            yield break;
        }

        var done = conversation.Skip(asked).SelectMany(message => message.Contents).OfType<FunctionResultContent>().Count();
        var said = 0;
        foreach (var step in AfterTool(scenario, done))
        {
            if (step.Tool is { } tool)
            {
                yield return Said(CallOf(tool, step, done + 1));
                yield return Finished(ChatFinishReason.ToolCalls, said);
                yield break;
            }

            if (step.WaitMs is { } wait)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(wait), clock, step.IgnoreCancel ? CancellationToken.None : cancellationToken);
            }

            if (step.Crash is { } crash)
            {
                throw new InvalidOperationException(crash);
            }

            foreach (var chunk in ChunksOf(step.Say ?? step.Think ?? "", step.Chunks))
            {
                if (step.EveryMs > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(step.EveryMs), clock, cancellationToken);
                }

                cancellationToken.ThrowIfCancellationRequested();
                said++;
                yield return Said(step.Say is null ? new TextReasoningContent(chunk) : new TextContent(chunk));
            }
        }

        yield return Finished(ChatFinishReason.Stop, said);
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }

    /// <summary>Cuts a text into that many pieces of equal length, never inside a surrogate pair; fewer where it is shorter.</summary>
    internal static IEnumerable<string> ChunksOf(string text, int count)
    {
        var start = 0;
        for (var i = 1; i <= count && start < text.Length; i++)
        {
            var end = (int)((long)text.Length * i / count);
            if (end > start && end < text.Length && char.IsHighSurrogate(text[end - 1]))
            {
                end++;
            }

            if (end > start)
            {
                yield return text[start..end];
                start = end;
            }
        }
    }

    private static IEnumerable<Step> AfterTool(Scenario scenario, int done)
    {
        var tools = 0;
        foreach (var step in scenario.Steps)
        {
            if (tools == done)
            {
                yield return step;
            }
            else if (step.Tool is not null)
            {
                tools++;
            }
        }
    }

    private static FunctionCallContent CallOf(string tool, Step step, int number) =>
        new($"script_{number}", tool, step.Arguments?.Deserialize<Dictionary<string, object?>>())
        {
            AdditionalProperties = new AdditionalPropertiesDictionary { [StepKey] = step },
        };

    private static ChatResponseUpdate Said(AIContent content) => new(ChatRole.Assistant, [content]);

    private static ChatResponseUpdate Finished(ChatFinishReason reason, int said) =>
        new(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 1, OutputTokenCount = said })]) { FinishReason = reason };
}
