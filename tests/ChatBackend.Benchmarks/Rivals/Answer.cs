using System.Runtime.CompilerServices;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Benchmarks.Rivals;

/// <summary>What a run says: its start, a delta for each text of the model's, one end. The events among them have no place in the thread yet.</summary>
internal static class Answer
{
    public static async IAsyncEnumerable<ServerFrame> ToAsync(
        Question question, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new AgentStarted { RunId = question.Run, Agent = question.Agent.Name, MessageId = question.Message };

        var (began, part, content, usage) = (clock.GetTimestamp(), PartId.New(), new System.Text.StringBuilder(), new UsageDetails());
        await using var updates = question.Agent.Model
            .GetStreamingResponseAsync([new ChatMessage(ChatRole.User, question.Content)], options: null, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            var (more, failure) = await NextAsync(updates, question.Run, cancellationToken);
            if (failure is not null)
            {
                yield return failure;
                yield break;
            }

            if (!more)
            {
                break;
            }

            foreach (var update in updates.Current.Contents)
            {
                switch (update)
                {
                    case TextContent { Text.Length: > 0 } text:
                        yield return new AgentDelta { ThreadId = question.Thread, RunId = question.Run, PartId = part, Offset = content.Length, Text = text.Text };
                        content.Append(text.Text);
                        break;
                    case UsageContent counted:
                        usage.Add(counted.Details);
                        break;
                    default:
                        break;
                }
            }
        }

        yield return new AgentCompleted
        {
            RunId = question.Run,
            MessageId = MessageId.New(),
            PartId = part,
            Content = content.ToString(),
            Usage = usage.InputTokenCount is { } input && usage.OutputTokenCount is { } output
                ? new TokenUsage { InputTokens = input, OutputTokens = output }
                : null,
            DurationMs = (long)clock.GetElapsedTime(began).TotalMilliseconds,
        };
    }

    private static async ValueTask<(bool More, AgentFailed? Failure)> NextAsync(
        IAsyncEnumerator<ChatResponseUpdate> updates, RunId run, CancellationToken cancellationToken)
    {
        try
        {
            return (await updates.MoveNextAsync(), null);
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ModelFailure.Classify(ex);
            return (false, new AgentFailed { RunId = run, Code = failure.Code, Message = failure.Message, Retryable = failure.Retryable });
        }
    }
}
