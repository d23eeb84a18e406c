using System.Diagnostics;
using System.Runtime.CompilerServices;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>
/// Asks the model of a run's agent; in its place that of the agent's fallback, when it is unavailable before the first word of an answer. Who answers in its place does so to
/// the end of the run. Each is shown what it has room for (<see cref="ContextBudget"/>).
/// </summary>
/// <param name="from">The oldest message that the agent is to be shown; null for no bound but the room.</param>
internal sealed class AnsweringModel(Agent agent, IRunSink sink, Summarizer summarizer, MessageId? from = null)
{
    private Agent? _standIn;
    private ContextBudget _budget = new(agent, sink, summarizer, from);

    /// <summary>The agent whose model answers.</summary>
    public Agent Answering => _standIn ?? agent;

    /// <inheritdoc cref="ModelSource"/>
    public string Source => ModelSource.Of(Answering.Model);

    /// <param name="content">The span that is to have what the model is sent; null for none.</param>
    /// <exception cref="RunLostException"/>
    public async ValueTask<IAsyncEnumerable<ChatResponseUpdate>> AskAsync(IReadOnlyList<ChatMessage> conversation, ChatOptions request, Activity? content, CancellationToken cancellationToken)
    {
        var shown = await _budget.FitAsync(conversation, request, cancellationToken);
        return _standIn is null && agent.Fallback is { } fallback
            ? WithFallbackAsync(fallback, conversation, shown, request, content, cancellationToken)
            : Ask(Answering, shown, request, content, cancellationToken);
    }

    /// <summary>What the model counted of the request that it answers.</summary>
    public void Count(UsageDetails counted) => _budget.Count(counted.InputTokenCount ?? 0);

    /// <summary>The model refused the conversation for its length.</summary>
    /// <returns>Whether it will be shown less.</returns>
    public bool Learn(ContextRefusal refusal, IReadOnlyList<ChatMessage> conversation, ChatOptions request) => _budget.Learn(refusal, conversation, request);

    /// <summary>The one place where a conversation goes to a model. Only the script is shown it as it came: it finds its place by that.</summary>
    private static IAsyncEnumerable<ChatResponseUpdate> Ask(Agent asked, IReadOnlyList<ChatMessage> conversation, ChatOptions request, Activity? content, CancellationToken cancellationToken)
    {
        var sent = asked.ToolFor is null ? ModelConversation.Of(conversation, ModelSource.Of(asked.Model), hasTools: request.Tools is { Count: > 0 }) : conversation;
        content?.AddRequest(sent);
        return asked.Model.GetStreamingResponseAsync(sent, request, cancellationToken);
    }

    private async IAsyncEnumerable<ChatResponseUpdate> WithFallbackAsync(
        Agent fallback, IReadOnlyList<ChatMessage> conversation, IReadOnlyList<ChatMessage> shown, ChatOptions request, Activity? content, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isBegun = false;
        RunFailure? failed = null;
        await using (var updates = Ask(agent, shown, request, content, cancellationToken).GetAsyncEnumerator(cancellationToken))
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
        (_standIn, _budget) = (fallback, new ContextBudget(fallback, sink, summarizer, null));
        await foreach (var update in Ask(fallback, await _budget.FitAsync(conversation, request, cancellationToken), request, content, cancellationToken))
        {
            yield return update;
        }
    }
}
