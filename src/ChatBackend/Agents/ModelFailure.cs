using System.ClientModel;
using ChatBackend.Protocol;

namespace ChatBackend.Agents;

/// <summary>What a user is told when the model throws. Never the exception's own text: it may hold what the model's endpoint was sent.</summary>
internal readonly record struct ModelFailure(RunFailure Code, string Message, bool Retryable)
{
    private static readonly ModelFailure Unavailable =
        new(RunFailure.ModelUnavailable, "The model could not be reached or broke off. Send the message again.", Retryable: true);

    public static ModelFailure Classify(Exception thrown) => thrown switch
    {
        ClientResultException { Status: 429 } => new(RunFailure.ModelRateLimited, "The model asks to slow down. Try again in a moment.", Retryable: true),
        ClientResultException { Status: >= 500 or 0 or 408 } => Unavailable,
        ClientResultException { Status: >= 400 } => new(RunFailure.ModelRejected, "The model refused the request.", Retryable: false),
        HttpRequestException or IOException or TimeoutException or OperationCanceledException => Unavailable,
        AggregateException { InnerException: { } inner } => Classify(inner),
        _ => new(RunFailure.Internal, "The agent failed.", Retryable: false),
    };
}
