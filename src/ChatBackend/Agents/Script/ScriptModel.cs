using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Script;

/// <summary>
/// Plays the scenario in the message to answer, and then those of messages that entered the run, for tests and benchmarks through the loop that real models go through.
/// A tool step ends the model step; the next one goes on behind it, which it knows by the results that follow the message.
/// Usage counts 1 input token for a model step and 1 output token for each piece of text.
/// </summary>
internal sealed class ScriptModel(TimeProvider clock) : IChatClient
{
    private const string Example =
        """{"steps":[{"say":"Let me look. ","chunks":3,"every_ms":50},{"tool":"clock","arguments":{"place":"UTC"},"result":"noon","ms":100},{"say":"It is noon."}]}""";

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var turn = Turn.Of(messages);
        var pieces = 0;
        foreach (var step in StepsLeft(turn))
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (step)
            {
                case ScriptStep.Speech speech:
                    await foreach (var update in SpeakAsync(speech, cancellationToken))
                    {
                        pieces++;
                        yield return update;
                    }

                    break;
                case ScriptStep.ToolCall tool:
                    yield return new ChatResponseUpdate(ChatRole.Assistant, [Call(tool, turn.ToolResults.Count)]);
                    yield return End(ChatFinishReason.ToolCalls, pieces);
                    yield break;
                case ScriptStep.Wait wait:
                    await Task.Delay(wait.Time, clock, wait.IgnoreCancel ? CancellationToken.None : cancellationToken);
                    break;
                case ScriptStep.Finish finish:
                    yield return End(new ChatFinishReason(finish.Reason), pieces);
                    yield break;
                case ScriptStep.Crash crash:
                    throw new InvalidOperationException(crash.Message);
            }
        }

        yield return End(ChatFinishReason.Stop, pieces);
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <summary>The tool for a call that this client made, also in an earlier process; null for any other.</summary>
    public AIFunction? ToolFor(FunctionCallContent call, Turn turn)
    {
        var step = call.RawRepresentation as ScriptStep.ToolCall
            ?? StepsLeft(turn).OfType<ScriptStep.ToolCall>().FirstOrDefault();
        if (step?.Tool != call.Name)
        {
            return null;
        }

        var tool = new ScriptTool(step, clock);
        return step.Approval ? new ApprovalRequiredAIFunction(tool) : tool;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static IEnumerable<ScriptStep> StepsLeft(Turn turn) =>
        new Scenario([.. turn.Questions.SelectMany(question => Read(question).Steps)]).After(turn.ToolResults.Count);

    private static Scenario Read(string message)
    {
        try
        {
            return Scenario.Parse(message);
        }
        catch (FormatException ex)
        {
            var why = $"I am the script agent: I play scenarios for tests. I cannot play this message: {ex.Message}. An example: {Example}";
            return new Scenario([new ScriptStep.Speech(why, IsThought: false, Chunks: 1, TimeSpan.Zero)]);
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> SpeakAsync(ScriptStep.Speech speech, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var first = true;
        foreach (var piece in TextPieces.Of(speech.Text, speech.Chunks))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!first && speech.Every > TimeSpan.Zero)
            {
                await Task.Delay(speech.Every, clock, cancellationToken);
            }

            first = false;
            yield return new ChatResponseUpdate(ChatRole.Assistant, [speech.IsThought ? new TextReasoningContent(piece) : new TextContent(piece)]);
        }
    }

    private static FunctionCallContent Call(ScriptStep.ToolCall tool, int earlier) =>
        new($"step_{earlier + 1}", tool.Tool, tool.Arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value))
        {
            RawRepresentation = tool,
        };

    private static ChatResponseUpdate End(ChatFinishReason reason, int pieces) =>
        new(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 1, OutputTokenCount = pieces, TotalTokenCount = pieces + 1 })])
        {
            FinishReason = reason,
        };
}
