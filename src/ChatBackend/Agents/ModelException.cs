namespace ChatBackend.Agents;

/// <summary>What a model did instead of answering. A client of an application's own throws it to say what a failure means.</summary>
/// <param name="message">For the operator's log, with what came; people do not see it.</param>
/// <param name="retryAfter">When it asks to be tried again.</param>
public sealed class ModelException(ModelErrorKind kind, string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Decides what people are told, and whether the model is asked again.</summary>
    public ModelErrorKind Kind => kind;

    /// <summary>When it asks to be tried again.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}
