using System.ClientModel;
using System.Net.Sockets;
using ChatBackend.Protocol;

namespace ChatBackend.Agents;

/// <summary>What a run that threw says to the people who follow it. Never the exception's text: that may hold anything.</summary>
/// <param name="Retryable">Whether sending the message again may succeed.</param>
internal readonly record struct ModelFailure(RunFailure Code, string Message, bool Retryable)
{
    private static readonly ModelFailure RateLimited = new(
        RunFailure.ModelRateLimited, "The model has too much to do at the moment. Try again in a while.", Retryable: true);

    private static readonly ModelFailure Unavailable = new(
        RunFailure.ModelUnavailable, "The model could not be reached, or its answer was cut off. Try again.", Retryable: true);

    private static readonly ModelFailure Rejected = new(
        RunFailure.ModelRejected, "The model refused the request. The server's log says why.", Retryable: false);

    private static readonly ModelFailure Internal = new(
        RunFailure.Internal, "Something went wrong in the agent. The server's log says what.", Retryable: false);

    /// <param name="thrown">What ended the run; not a cancellation by the run itself.</param>
    internal static ModelFailure Classify(Exception thrown) => thrown switch
    {
        ClientResultException answered => OfStatus(answered.Status),
        HttpRequestException { StatusCode: { } status } => OfStatus((int)status),
        HttpRequestException or HttpIOException or SocketException => Unavailable,
        IOException { InnerException: SocketException } => Unavailable,
        // The endpoint's silence: the SDK's timeout shows as a cancellation without a request for one.
        TimeoutException or OperationCanceledException => Unavailable,
        // What the SDK throws when its retries are used up: the last try tells.
        AggregateException { InnerExceptions: [.., var last] } => Classify(last),
        _ => Internal,
    };

    private static ModelFailure OfStatus(int status) => status switch
    {
        429 => RateLimited,
        0 or 408 or >= 500 => Unavailable, // 0: there was no answer
        _ => Rejected,
    };
}
