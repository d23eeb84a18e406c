namespace ChatBackend.Agents;

/// <summary>
/// How much an agent's model takes at once, as far as that is known, and how many bytes of text one of its tokens is. Both are learned from what comes back: a refusal tells
/// the first, the counts of each answer the second. Of all runs of the agent; thread-safe.
/// </summary>
/// <param name="tokens">Null where no one said.</param>
/// <param name="answerTokens">What an answer may have at most; 0 where no one said.</param>
internal sealed class ContextWindow(int? tokens, int answerTokens = 0)
{
    private const int LeastTokens = 256;
    private const int LeastBytes = 2000; // of a request that says how much a token is: in smaller ones what a provider adds to each counts for too much
    private const double LeastBytesPerToken = 0.5;
    private const double MostBytesPerToken = 5;
    private const double Rise = 0.0625;
    private const double Cautious = 0.75;

    private readonly Lock _lock = new();
    private int? _tokens = tokens;
    private double _bytesPerToken = 3; // fewer than most models need, so that a first request is rather too small

    /// <summary>Null while it is not known.</summary>
    public int? Tokens
    {
        get
        {
            lock (_lock)
            {
                return _tokens;
            }
        }
    }

    /// <summary>The bytes of a request that leaves room for an answer; null while that is not known.</summary>
    public long? Room
    {
        get
        {
            lock (_lock)
            {
                return _tokens is { } all ? (long)((all - Math.Min(Math.Max(answerTokens, all / 8), all / 2)) * _bytesPerToken) : null;
            }
        }
    }

    /// <summary>A request of so many bytes was counted. Texts differ: it counts at once where it had more tokens than was thought, and little by little where it had fewer.</summary>
    public void Counted(long bytes, long counted)
    {
        if (bytes < LeastBytes || counted <= 0)
        {
            return;
        }

        var measured = Bounded((double)bytes / counted);
        lock (_lock)
        {
            _bytesPerToken += (measured - _bytesPerToken) * (measured < _bytesPerToken ? 1 : Rise);
        }
    }

    /// <summary>A request of so many bytes was refused for its length.</summary>
    public void Refused(ContextRefusal refusal, long bytes)
    {
        lock (_lock)
        {
            if (refusal.Limit is { } limit)
            {
                _tokens = Math.Max(Math.Min(_tokens ?? limit, limit), LeastTokens);
            }

            _tokens ??= (int)Math.Clamp(bytes / _bytesPerToken * Cautious, LeastTokens, int.MaxValue);
            _bytesPerToken = Bounded(refusal.Asked is { } asked ? (double)bytes / asked : Math.Min(_bytesPerToken, Cautious * bytes / _tokens.Value));
        }
    }

    private static double Bounded(double bytesPerToken) => Math.Clamp(bytesPerToken, LeastBytesPerToken, MostBytesPerToken);
}
