using System.Net.Sockets;
using ChatBackend.Agents.Completions;
using ChatBackend.Protocol;

namespace ChatBackend.Agents;

/// <summary>What a run that threw says to the people who follow it. Never the exception's text: that may hold anything.</summary>
/// <param name="Retryable">Whether sending the message again may succeed.</param>
/// <param name="RetryAfter">When the model wants to be asked again; null when it did not say.</param>
internal readonly record struct ModelFailure(RunFailure Code, string Message, bool Retryable, TimeSpan? RetryAfter = null)
{
    private static readonly ModelFailure Unavailable = new(
        RunFailure.ModelUnavailable, "The model could not be reached, or its answer was cut off. Try again.", Retryable: true);

    private static readonly ModelFailure Rejected = new(
        RunFailure.ModelRejected, "The model refused the request. The server's log says why.", Retryable: false);

    private static readonly ModelFailure TooLong = new(
        RunFailure.ModelRejected, "The conversation is longer than the model takes. Begin a new thread, or shorten the message.", Retryable: false);

    private static readonly ModelFailure NotAllowed = new(
        RunFailure.ModelRejected, "The model's provider does not allow this message, or an answer to it.", Retryable: false);

    private static readonly ModelFailure Misconfigured = new(
        RunFailure.ModelRejected, "The agent cannot reach its model as it is set up. The operator of this server has to mend that.", Retryable: false);

    private static readonly ModelFailure Internal = new(
        RunFailure.Internal, "Something went wrong in the agent. The server's log says what.", Retryable: false);

    /// <param name="thrown">What ended the run; not a cancellation by the run itself.</param>
    internal static ModelFailure Classify(Exception thrown) => thrown switch
    {
        ModelException model => Of(model.Kind, model.RetryAfter),
        HttpRequestException { StatusCode: { } status } => OfStatus((int)status),
        HttpRequestException or HttpIOException or SocketException => Unavailable,
        IOException { InnerException: SocketException } => Unavailable,
        // An endpoint's silence: a client's own time-out shows as a cancellation without a request for one.
        TimeoutException or OperationCanceledException => Unavailable,
        // What a client throws when its retries are used up: the last try tells.
        AggregateException { InnerExceptions: [.., var last] } => Classify(last),
        _ when ContextRefusal.Of(thrown) is not null => TooLong,
        // Clients of other makers, which an application brings, tell the status of the answer in a property.
        _ when thrown.GetType().GetProperty("Status")?.GetValue(thrown) is int status => OfStatus(status),
        _ => Internal,
    };

    private static ModelFailure Of(ModelErrorKind kind, TimeSpan? retryAfter) => kind switch
    {
        ModelErrorKind.RateLimited => RateLimited(retryAfter),
        ModelErrorKind.Unavailable => Unavailable with { RetryAfter = retryAfter },
        ModelErrorKind.ContextTooLong => TooLong,
        ModelErrorKind.ContentRefused => NotAllowed,
        ModelErrorKind.Misconfigured => Misconfigured,
        _ => Rejected,
    };

    private static ModelFailure OfStatus(int status) => status switch
    {
        429 => RateLimited(null),
        0 or 408 or >= 500 => Unavailable, // 0: there was no answer
        401 or 403 or 404 => Misconfigured,
        _ => Rejected,
    };

    private static ModelFailure RateLimited(TimeSpan? retryAfter) => new(
        RunFailure.ModelRateLimited,
        retryAfter is { } wait ? $"The model has too much to do at the moment. Try again in {Words(wait)}." : "The model has too much to do at the moment. Try again in a while.",
        Retryable: true,
        retryAfter);

    private static string Words(TimeSpan wait) => wait.TotalSeconds <= 90
        ? $"{Math.Max(1, Math.Ceiling(wait.TotalSeconds)):0} s"
        : $"{Math.Ceiling(wait.TotalMinutes):0} minutes";
}
