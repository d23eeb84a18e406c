using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>
/// A model behind an OpenAI-compatible chat completions API. It reads what can be understood; what cannot is a <see cref="ModelException"/> that names what came.
/// A request without an answer is repeated twice, and only while a person still looks at the screen; an answer that broke off never is: its text is on screens already.
/// </summary>
internal sealed class CompletionsClient(CompletionsEndpoint endpoint, HttpClient http, TimeProvider clock) : IChatClient
{
    private const int Attempts = 3;
    private const int MaxRedirects = 3;
    private const int MaxErrorBytes = 64 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private const int MaxLogged = 300; // characters: the address, the status, and the beginning of what it said

    // What this endpoint was found to want, from its own answers.
    private volatile bool _countsUnasked; // it does not know stream_options, by which counts are asked for
    private int _address; // the one that answered last

    /// <param name="key">Null to send none.</param>
    public static CompletionsClient Connect(ModelEndpointOptions endpoint, string? key, TimeProvider clock)
    {
        var http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // it would forget the key
            AutomaticDecompression = DecompressionMethods.All, // some compress unasked
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        return new CompletionsClient(new CompletionsEndpoint { Address = new Uri(endpoint.Endpoint), Model = endpoint.Model, Key = key, Silence = endpoint.Timeout }, http, clock);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        var wait = new Backoff(TimeSpan.FromMilliseconds(500), LongestWait);
        for (var attempt = 1; ; attempt++)
        {
            var isBegun = false;
            await using var updates = AttemptAsync(conversation, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await updates.MoveNextAsync())
                    {
                        yield break;
                    }
                }
                catch (ModelException ex) when (!cancellationToken.IsCancellationRequested)
                {
                    if (isBegun || attempt == Attempts || !IsWorthAnother(ex))
                    {
                        throw new ModelException(ex.Kind, Excerpt.Of(RedactorOf(conversation).Redact(ex.Message), MaxLogged), ex.RetryAfter);
                    }

                    await Task.Delay(Longer(wait.Next(), ex.RetryAfter), clock, cancellationToken);
                    break;
                }
                catch (Exception) when (cancellationToken.IsCancellationRequested)
                {
                    throw new OperationCanceledException(cancellationToken); // a response that is closed while it is read may throw anything
                }

                isBegun = true;
                yield return updates.Current;
            }
        }
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai", endpoint.Address, endpoint.Model)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => http.Dispose();

    private static bool IsWorthAnother(ModelException failure) =>
        failure.Kind is ModelErrorKind.RateLimited or ModelErrorKind.Unavailable
        && failure.InnerException is not TimeoutException
        && failure.RetryAfter.GetValueOrDefault() <= LongestWait;

    private static TimeSpan Longer(TimeSpan one, TimeSpan? other) => other > one ? other.Value : one;

    private async IAsyncEnumerable<ChatResponseUpdate> AttemptAsync(
        List<ChatMessage> conversation, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await AskAsync(conversation, options, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var chunks = new ChunkReader(body, endpoint.Silence, clock);
        var answer = new AnswerReader();
        await foreach (var chunk in chunks.ReadAsync(cancellationToken))
        {
            if (answer.Add(chunk).ToList() is { Count: > 0 } contents)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, contents);
            }
        }

        if (!answer.IsAny && answer.Finish is null && chunks.Unknown.Length > 0)
        {
            throw new ModelException(
                ModelErrorKind.Misconfigured,
                $"{response.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Path)} answered {response.Content.Headers.ContentType?.MediaType ?? "no content type"}, not a chat completion: {Excerpt.Of(chunks.Unknown)}");
        }

        var last = answer.End(chunks.IsDone).ToList();
        yield return new ChatResponseUpdate(ChatRole.Assistant, last) { FinishReason = answer.Finish };
    }

    /// <returns>An answer with a status of success, of which nothing is read yet.</returns>
    private async Task<HttpResponseMessage> AskAsync(List<ChatMessage> conversation, ChatOptions? options, CancellationToken cancellationToken)
    {
        var addresses = endpoint.Addresses;
        var at = Volatile.Read(ref _address);
        while (true)
        {
            var address = addresses[at];
            var response = await SendAsync(address, conversation, options, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                Volatile.Write(ref _address, at);
                return response;
            }

            using (response)
            {
                var said = await BeginningAsync(response, cancellationToken);
                // 404 is also what an endpoint says that is there and has no such model.
                if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed
                    && at + 1 < addresses.Count && !said.Contains(endpoint.Model, StringComparison.OrdinalIgnoreCase))
                {
                    at++;
                    continue;
                }

                if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity
                    && !_countsUnasked && said.Contains(RequestWriter.StreamOptions, StringComparison.Ordinal))
                {
                    _countsUnasked = true;
                    continue;
                }

                throw ModelErrors.OfResponse(
                    (int)response.StatusCode, address, response.Content.Headers.ContentType?.MediaType, said, RetryAfter.Of(response.Headers, clock.GetUtcNow()));
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, List<ChatMessage> conversation, ChatOptions? options, CancellationToken cancellationToken)
    {
        var body = RequestWriter.Write(endpoint.Model, conversation, options, asksForCounts: !_countsUnasked);
        for (var redirects = 0; ; redirects++)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (endpoint.Key is { } key && IsFor(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            }

            var response = await SendAsync(request, cancellationToken);
            if (response.StatusCode is not (HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location || redirects == MaxRedirects)
            {
                return response;
            }

            response.Dispose();
            address = new Uri(address, location);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(endpoint.Silence, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        var path = request.RequestUri!.GetLeftPart(UriPartial.Path);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException ex) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"{path} sent nothing for {endpoint.Silence.TotalSeconds:0.###} s.", inner: new TimeoutException(ex.Message, ex));
        }
        catch (HttpRequestException ex)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"{path} could not be reached: {ex.Message}", inner: ex);
        }
    }

    private Redactor RedactorOf(List<ChatMessage> conversation) => new(
        endpoint.Key is { } key ? [key] : [],
        [.. conversation.SelectMany(message => message.Contents).Select(content => content switch
        {
            TextContent text => text.Text,
            FunctionResultContent result => result.Result?.ToString(),
            _ => null,
        }).OfType<string>()]);

    // A key is for the host it was given for, and does not leave TLS.
    private bool IsFor(Uri address) => address.Host == endpoint.Address.Host && (address.Scheme == endpoint.Address.Scheme || address.Scheme == Uri.UriSchemeHttps);

    private async Task<string> BeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var beginning = new byte[MaxErrorBytes];
        try
        {
            return Encoding.UTF8.GetString(beginning, 0, await body.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken).AsTask().WaitAsync(endpoint.Silence, clock, cancellationToken));
        }
        catch (Exception ex) when (ex is IOException or HttpRequestException or TimeoutException)
        {
            return ""; // the status says enough
        }
    }
}
