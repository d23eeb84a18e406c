using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>Tokens of a run's steps so far, as the model counts them. Added to by the run's loop, read when the run ends.</summary>
internal sealed class RunUsage
{
    private readonly Lock _lock = new();
    private TokenUsage? _total;

    /// <summary>Null when the model has counted nothing.</summary>
    public TokenUsage? Total
    {
        get
        {
            lock (_lock)
            {
                return _total?.Cost is { } cost ? _total with { Cost = Rounded(cost) } : _total;
            }
        }
    }

    /// <param name="counted">Since the last time.</param>
    /// <param name="price">Of the agent whose model counted; null where it has none.</param>
    public void Add(UsageDetails counted, TokenPriceOptions? price)
    {
        lock (_lock)
        {
            _total = new TokenUsage
            {
                InputTokens = (_total?.InputTokens ?? 0) + (counted.InputTokenCount ?? 0),
                OutputTokens = (_total?.OutputTokens ?? 0) + (counted.OutputTokenCount ?? 0),
                CachedTokens = Sum(_total?.CachedTokens, counted.CachedInputTokenCount),
                ReasoningTokens = Sum(_total?.ReasoningTokens, counted.ReasoningTokenCount),
                Cost = price is null ? _total?.Cost : (_total?.Cost ?? 0) + CostOf(counted, price),
            };
        }
    }

    private static decimal CostOf(UsageDetails counted, TokenPriceOptions price)
    {
        var cached = counted.CachedInputTokenCount ?? 0;
        return ((((counted.InputTokenCount ?? 0) - cached) * price.Input) + (cached * (price.CachedInput ?? price.Input)) + ((counted.OutputTokenCount ?? 0) * price.Output)) / 1_000_000;
    }

    /// <summary>Without zeros at its end.</summary>
    private static decimal Rounded(decimal cost) => Math.Round(cost, 9) / 1.0000000000000000000000000000m;

    private static long? Sum(long? before, long? step) => before is null && step is null ? null : (before ?? 0) + (step ?? 0);
}
