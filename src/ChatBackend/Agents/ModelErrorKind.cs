namespace ChatBackend.Agents;

/// <summary>Why a model gave no answer, or half of one.</summary>
public enum ModelErrorKind
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
