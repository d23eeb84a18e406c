using System.ClientModel.Primitives;

namespace ChatBackend.Agents.Endpoints;

/// <summary>
/// Two retries, and only while a person still looks at the screen: not after a timeout, and not when the endpoint asks to wait long.
/// Only requests without an answer are repeated, never one whose answer broke off: its text is on screens already.
/// </summary>
internal sealed class ModelRetryPolicy(TimeProvider clock) : ClientRetryPolicy(maxRetries: 2)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    // The next delay is at least what the answer's Retry-After says.
    protected override async ValueTask<bool> ShouldRetryAsync(PipelineMessage message, Exception? exception) =>
        exception is not (OperationCanceledException or TimeoutException)
        && GetNextDelay(message, tryCount: 1) <= LongestWait
        && await base.ShouldRetryAsync(message, exception);

    protected override async Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) =>
        await Task.Delay(time, clock, cancellationToken);
}
