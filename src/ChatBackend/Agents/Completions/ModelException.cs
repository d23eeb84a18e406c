namespace ChatBackend.Agents.Completions;

/// <summary>Why a model gave no answer, or half of one.</summary>
internal enum ModelErrorKind
{
    /// <summary>It asks to slow down.</summary>
    RateLimited,

    /// <summary>It could not be reached, failed or broke off. Another attempt may succeed.</summary>
    Unavailable,

    /// <summary>It refuses the request, and would refuse it again.</summary>
    Rejected,

    /// <summary>The conversation is longer than the model takes.</summary>
    ContextTooLong,

    /// <summary>Its provider does not allow what was asked or answered.</summary>
    ContentRefused,

    /// <summary>Address, key, model or account are wrong: an operator has to mend that.</summary>
    Misconfigured,
}

/// <summary>What a model's endpoint did instead of answering.</summary>
/// <param name="message">For the operator's log, with what came; without keys and without what people wrote.</param>
internal sealed class ModelException(ModelErrorKind kind, string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    public ModelErrorKind Kind => kind;

    /// <summary>When it asks to be tried again.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}
