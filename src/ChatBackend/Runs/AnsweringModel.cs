using System.Runtime.CompilerServices;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>
/// Asks the model of a run's agent; in its place that of the agent's fallback, when it is unavailable before the first word of an answer. Who answers in its place does so to
/// the end of the run.
/// </summary>
internal sealed class AnsweringModel(Agent agent, IRunSink sink)
{
    private Agent? _standIn;

    /// <summary>The agent whose model answers.</summary>
    public Agent Answering => _standIn ?? agent;

    /// <inheritdoc cref="ModelSource"/>
    public string Source => ModelSource.Of(Answering.Model);

    public IAsyncEnumerable<ChatResponseUpdate> StreamAsync(IReadOnlyList<ChatMessage> conversation, ChatOptions request, CancellationToken cancellationToken) =>
        (_standIn, agent.Fallback) switch
        {
            ({ } standIn, _) => Ask(standIn, conversation, request, cancellationToken),
            (null, null) => Ask(agent, conversation, request, cancellationToken),
            (null, { } fallback) => WithFallbackAsync(fallback, conversation, request, cancellationToken),
        };

    /// <summary>The one place where a conversation goes to a model. Only the script is shown it as it came: it finds its place by that.</summary>
    private static IAsyncEnumerable<ChatResponseUpdate> Ask(Agent asked, IReadOnlyList<ChatMessage> conversation, ChatOptions request, CancellationToken cancellationToken) =>
        asked.Model.GetStreamingResponseAsync(
            asked.ToolFor is null ? ModelConversation.Of(conversation, ModelSource.Of(asked.Model), hasTools: request.Tools is { Count: > 0 }) : conversation, request, cancellationToken);

    private async IAsyncEnumerable<ChatResponseUpdate> WithFallbackAsync(
        Agent fallback, IReadOnlyList<ChatMessage> conversation, ChatOptions request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isBegun = false;
        RunFailure? failed = null;
        await using (var updates = Ask(agent, conversation, request, cancellationToken).GetAsyncEnumerator(cancellationToken))
        {
            while (true)
            {
                try
                {
                    if (!await updates.MoveNextAsync())
                    {
                        yield break;
                    }
                }
                catch (Exception ex) when (!isBegun && !cancellationToken.IsCancellationRequested && ModelFailure.Classify(ex).Code is RunFailure.ModelUnavailable or RunFailure.ModelRateLimited)
                {
                    failed = ModelFailure.Classify(ex).Code;
                    break;
                }

                isBegun |= updates.Current.Contents.Any(content => content is not UsageContent);
                yield return updates.Current;
            }
        }

        await sink.FallBackAsync(fallback.Name, failed.Value, cancellationToken);
        _standIn = fallback;
        await foreach (var update in Ask(fallback, conversation, request, cancellationToken))
        {
            yield return update;
        }
    }
}
