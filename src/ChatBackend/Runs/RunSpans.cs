using System.Diagnostics;
using ChatBackend.Agents;
using ChatBackend.Agents.Endpoints;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>What the spans of a run say of how it went.</summary>
internal static class RunSpans
{
    private const int MaxModel = 100;

    public static Activity? StartModelCall(Agent agent)
    {
        if (!ChatTraces.AreOn)
        {
            return null;
        }

        var model = agent.Model.GetService<ChatClientMetadata>();
        return ChatTraces.StartModelCall(model?.ProviderName, model?.DefaultModelId, model?.ProviderUri);
    }

    /// <summary>Ends it.</summary>
    public static void EndRun(this Activity span, string outcome, RunOutcome? ended, TokenUsage? usage)
    {
        span.SetTag("chat.run.outcome", outcome);
        span.Count(usage?.InputTokens, usage?.OutputTokens);
        if (ended is RunOutcome.Failed failed)
        {
            span.Fail(failed.Code);
        }

        span.Dispose();
    }

    public static void Fail(this Activity span, Exception ex)
    {
        if (ex is OperationCanceledException)
        {
            span.Fail("cancelled");
        }
        else
        {
            span.Fail(ModelFailure.Classify(ex).Code);
        }
    }

    /// <summary>What came of the model's answer.</summary>
    public static void Add(this Activity span, ChatResponseUpdate update)
    {
        if (update.ModelId is { } model)
        {
            span.SetTag("gen_ai.response.model", SchemaWords.Cut(Redactor.WithoutKeys(model), MaxModel));
        }

        if (update.FinishReason is { } reason)
        {
            span.SetTag("gen_ai.response.finish_reasons", new[] { reason.Value });
        }

        foreach (var counted in update.Contents.OfType<UsageContent>())
        {
            // What came since the last time.
            span.Count(Sum("gen_ai.usage.input_tokens", counted.Details.InputTokenCount), Sum("gen_ai.usage.output_tokens", counted.Details.OutputTokenCount));
        }

        long? Sum(string tag, long? more) => more is null ? (long?)span.GetTagItem(tag) : ((long?)span.GetTagItem(tag) ?? 0) + more;
    }
}
