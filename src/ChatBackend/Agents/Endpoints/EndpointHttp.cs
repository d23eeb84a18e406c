using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Asks an endpoint by HTTP: at the addresses it may have, with its headers, following it where it moved, and within its time.</summary>
internal sealed class EndpointHttp(ModelEndpoint endpoint, TimeProvider clock) : IDisposable
{
    private const int MaxRedirects = 3;
    private const int MaxErrorBytes = 64 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, // it would forget the key
        AutomaticDecompression = DecompressionMethods.All, // some compress unasked
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 64, // KiB
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private int _address; // the one that answered last

    /// <summary>How long an answer may take to begin.</summary>
    public TimeSpan Patience => endpoint.Settings.FirstByteTimeout ?? endpoint.Settings.Timeout;

    /// <param name="write">Makes the body; called again for each attempt.</param>
    /// <param name="adapts">Whether another body is to be tried, after a refusal with this text.</param>
    /// <returns>An answer with a status of success, of which nothing is read yet.</returns>
    /// <exception cref="ModelException">There is none.</exception>
    public async Task<HttpResponseMessage> PostAsync(Func<byte[]> write, Func<string, bool> adapts, CancellationToken cancellationToken)
    {
        var first = Volatile.Read(ref _address);
        ModelException? missing = null;
        for (var at = first; at < endpoint.Addresses.Count; at++)
        {
            var (response, refusal) = await AskAsync(endpoint.Addresses[at], write, adapts, cancellationToken);
            if (response is not null)
            {
                Volatile.Write(ref _address, at);
                return response;
            }

            if (refusal is { IsElsewhere: false } || (missing is not null && at + 1 == endpoint.Addresses.Count))
            {
                throw missing ?? refusal!.Value.Why;
            }

            missing ??= refusal!.Value.Why;
        }

        throw missing!;
    }

    public void Dispose() => _http.Dispose();

    private async Task<(HttpResponseMessage? Answer, Refusal? Refusal)> AskAsync(
        Uri address, Func<byte[]> write, Func<string, bool> adapts, CancellationToken cancellationToken)
    {
        while (true)
        {
            var response = await SendAsync(address, write(), cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return (response, null);
            }

            using (response)
            {
                var said = await BeginningAsync(response, cancellationToken);
                if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity && adapts(said))
                {
                    continue;
                }

                // 404 is also what an endpoint says that is there and has no such model.
                var isElsewhere = response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed
                    && !said.Contains(endpoint.Settings.Model, StringComparison.OrdinalIgnoreCase);
                return (null, new Refusal(ModelErrors.OfResponse(response, address, said, RightAddress(response, address, isElsewhere), clock.GetUtcNow()), isElsewhere));
            }
        }
    }

    // For the operator; empty where the address is not what is wrong.
    private string RightAddress(HttpResponseMessage response, Uri address, bool isElsewhere) => (response.Headers.Location, isElsewhere) switch
    {
        ({ } location, _) => $"; it is at {new Uri(address, location).GetLeftPart(UriPartial.Path)}: give that as Endpoint",
        (_, true) => $"; Endpoint is the base of the API, which was looked for at {string.Join(" and ", endpoint.Addresses.Select(tried => tried.GetLeftPart(UriPartial.Path)))}",
        _ => "",
    };

    private async Task<HttpResponseMessage> SendAsync(Uri address, byte[] body, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            foreach (var (name, value) in endpoint.Trusts(address) ? endpoint.Headers : [])
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
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
        using var silence = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        var path = request.RequestUri!.GetLeftPart(UriPartial.Path);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException ex) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"{path} sent nothing for {Patience.TotalSeconds:0.###} s.", inner: new TimeoutException(ex.Message, ex));
        }
        catch (Exception ex) when (ex is HttpRequestException or NotSupportedException)
        {
            // NotSupportedException: a redirect to something that is not HTTP.
            throw new ModelException(ModelErrorKind.Unavailable, $"{path} could not be reached: {ex.Message}", inner: ex);
        }
    }

    private async Task<string> BeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var beginning = new byte[MaxErrorBytes];
        try
        {
            return Encoding.UTF8.GetString(
                beginning, 0, await body.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken).AsTask().WaitAsync(endpoint.Settings.Timeout, clock, cancellationToken));
        }
        catch (Exception ex) when (ex is IOException or HttpRequestException or TimeoutException or InvalidDataException)
        {
            return ""; // the status says enough
        }
    }

    /// <param name="IsElsewhere">There is nothing at the address: the API may be at another one.</param>
    private readonly record struct Refusal(ModelException Why, bool IsElsewhere);
}
