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
                return _total;
            }
        }
    }

    public void Add(UsageDetails step)
    {
        lock (_lock)
        {
            _total = new TokenUsage
            {
                InputTokens = (_total?.InputTokens ?? 0) + (step.InputTokenCount ?? 0),
                OutputTokens = (_total?.OutputTokens ?? 0) + (step.OutputTokenCount ?? 0),
            };
        }
    }
}
