using System.ClientModel.Primitives;
using System.Net.Http.Headers;

namespace ChatBackend.Agents.Endpoints;

/// <summary>
/// Two retries, and only while a person still looks at the screen: not after a timeout, and not when the endpoint asks to wait long.
/// Only requests without an answer are repeated, never one whose answer broke off: its text is on screens already.
/// </summary>
internal sealed class ModelRetryPolicy(TimeProvider clock) : ClientRetryPolicy(maxRetries: 2)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    protected override async ValueTask<bool> ShouldRetryAsync(PipelineMessage message, Exception? exception) =>
        exception is not (OperationCanceledException or TimeoutException)
        && AskedFor(message) <= LongestWait
        && await base.ShouldRetryAsync(message, exception);

    // Scattered, because all runs that were refused together would come back together.
    protected override TimeSpan GetNextDelay(PipelineMessage message, int tryCount) =>
        TimeSpan.FromTicks(Math.Max(AskedFor(message).Ticks, FirstWait.Ticks << Math.Clamp(tryCount, 0, 2))) * (1 + (Random.Shared.NextDouble() / 4));

    protected override async Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) =>
        await Task.Delay(time, clock, cancellationToken);

    /// <summary>The answer's Retry-After, in seconds or as a date.</summary>
    private TimeSpan AskedFor(PipelineMessage message) =>
        message.Response is { } response
        && response.Headers.TryGetValue("Retry-After", out var value)
        && RetryConditionHeaderValue.TryParse(value, out var after)
            ? after.Delta ?? after.Date - clock.GetUtcNow() ?? TimeSpan.Zero
            : TimeSpan.Zero;
}
