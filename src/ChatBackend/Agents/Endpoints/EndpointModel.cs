using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>
/// What every model behind an endpoint has, whichever API it speaks. A request without an answer is repeated, and only while a person still looks at the screen; an answer that
/// broke off never is: its text is on screens already. What went wrong is a <see cref="ModelException"/> without keys and without what people wrote.
/// </summary>
internal sealed class EndpointModel(IChatClient model, ModelEndpoint endpoint, TimeProvider clock) : DelegatingChatClient(model)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private const int MaxLogged = 300; // characters: the address, the status, and the beginning of what it said

    private volatile bool _isFailing;

    /// <summary>Whether the last answer failed, for a reason that is not in the question.</summary>
    public bool IsFailing => _isFailing;

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        using var time = endpoint.Settings.TotalTimeout is { } total ? new CancellationTokenSource(total, clock) : null;
        using var either = time is null ? null : CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token);
        var end = either?.Token ?? cancellationToken;
        var wait = new Backoff(TimeSpan.FromMilliseconds(500), LongestWait);
        for (var attempt = 0; ; attempt++)
        {
            var isBegun = false;
            var mask = endpoint.Secrets.Count > 0 ? new AnswerMask(endpoint.Secrets) : null;
            await using var updates = base.GetStreamingResponseAsync(conversation, options, end).GetAsyncEnumerator(end);
            while (true)
            {
                try
                {
                    if (!await updates.MoveNextAsync())
                    {
                        yield break;
                    }
                }
                catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
                {
                    var failure = time?.IsCancellationRequested is true ? TookTooLong() : ModelErrors.OfException(ex);
                    if (isBegun || attempt >= endpoint.Settings.Retries || !IsWorthAnother(failure))
                    {
                        _isFailing = failure.Kind is ModelErrorKind.Unavailable or ModelErrorKind.RateLimited or ModelErrorKind.Misconfigured;
                        throw new ModelException(failure.Kind, Excerpt.Of(RedactorOf(conversation).Redact(failure.Message), MaxLogged), failure.RetryAfter);
                    }

                    await WaitAsync(Longer(wait.Next(), failure.RetryAfter), end, cancellationToken);
                    break;
                }
                catch (Exception)
                {
                    throw new OperationCanceledException(cancellationToken); // a response that is closed while it is read may throw anything
                }

                if (!isBegun && updates.Current.Contents.Any(IsWord))
                {
                    (isBegun, _isFailing) = (true, false);
                }

                mask?.Mask(updates.Current);
                yield return updates.Current;
            }
        }
    }

    public override Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    private static bool IsWorthAnother(ModelException failure) =>
        failure.Kind is ModelErrorKind.RateLimited or ModelErrorKind.Unavailable
        && failure.InnerException is not TimeoutException
        && failure.RetryAfter.GetValueOrDefault() <= LongestWait;

    // What people may have seen, or what was decided by.
    private static bool IsWord(AIContent content) => content switch
    {
        TextContent text => text.Text.Length > 0,
        TextReasoningContent thought => thought.Text.Length > 0,
        UsageContent => false,
        _ => true,
    };

    private static TimeSpan Longer(TimeSpan one, TimeSpan? other) => other > one ? other.Value : one;

    private ModelException TookTooLong() => new(
        ModelErrorKind.Unavailable, $"{endpoint.Addresses[0].GetLeftPart(UriPartial.Path)} did not end its answer within {endpoint.Settings.TotalTimeout!.Value.TotalSeconds:0.###} s.", inner: new TimeoutException());

    private async Task WaitAsync(TimeSpan wait, CancellationToken end, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(wait, clock, end);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TookTooLong();
        }
    }

    private Redactor RedactorOf(List<ChatMessage> conversation) => new(endpoint.Secrets, [.. conversation.SelectMany(message => message.Contents).SelectMany(TextsOf)]);

    private static IEnumerable<string> TextsOf(AIContent content) => content switch
    {
        TextContent text => [text.Text],
        FunctionResultContent { Result: { } result } => [result.ToString()!],
        FunctionCallContent { Arguments: { } arguments } => arguments.Values.Select(argument => argument?.ToString()).OfType<string>(),
        _ => [],
    };
}
