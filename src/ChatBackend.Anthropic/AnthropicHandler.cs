using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Agents;

namespace ChatBackend.Anthropic;

/// <summary>What the SDK cannot be told: headers and members of the body, time limits, the bounds of what comes, and errors with what they say.</summary>
internal sealed class AnthropicHandler(ModelEndpointOptions agent, string? key, TimeProvider clock) : DelegatingHandler(new SocketsHttpHandler
{
    AllowAutoRedirect = false,
    AutomaticDecompression = DecompressionMethods.All,
    UseCookies = false,
    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
})
{
    private const string KeyHeader = "x-api-key";
    private const int MaxErrorBytes = 64 * 1024;

    private TimeSpan Patience => agent.FirstByteTimeout ?? agent.Timeout;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        SetHeaders(request.Headers);
        if (agent.ExtraBody is { Length: > 0 } || agent.Omit.Count > 0 || agent.ToolChoice is not null)
        {
            request.Content = Body(JsonNode.Parse(await request.Content!.ReadAsStreamAsync(cancellationToken))!.AsObject());
        }

        using var silence = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, either.Token);
        }
        catch (OperationCanceledException ex) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"{request.RequestUri!.GetLeftPart(UriPartial.Path)} sent nothing for {Patience.TotalSeconds:0.###} s.", inner: new TimeoutException(ex.Message, ex));
        }

        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                throw AnthropicErrors.OfResponse((int)response.StatusCode, request.RequestUri!, await BeginningAsync(response, either.Token), RetryAfter(response.Headers));
            }
        }

        var content = new StreamContent(new BoundedStream(await response.Content.ReadAsStreamAsync(cancellationToken), Patience, agent.Timeout, clock));
        foreach (var (name, values) in response.Content.Headers)
        {
            content.Headers.TryAddWithoutValidation(name, values);
        }

        response.Content = content;
        return response;
    }

    private void SetHeaders(HttpRequestHeaders headers)
    {
        // Not what the SDK may have found in the environment.
        headers.Remove(KeyHeader);
        headers.Remove("Authorization");
        if (key is not null)
        {
            headers.TryAddWithoutValidation(agent.ApiKeyHeader ?? KeyHeader, key);
        }

        if (agent.ApiVersion is { } version)
        {
            headers.Remove("anthropic-version");
            headers.TryAddWithoutValidation("anthropic-version", version);
        }

        foreach (var (name, value) in agent.Headers)
        {
            headers.Remove(name);
            headers.TryAddWithoutValidation(name, value);
        }
    }

    private ByteArrayContent Body(JsonObject body)
    {
        // The SDK asks for any tool where one is named.
        if (body["tool_choice"]?["type"]?.GetValue<string>() == "any" && agent.ToolChoice is { } tool and not "required")
        {
            body["tool_choice"]!["type"] = "tool";
            body["tool_choice"]!["name"] = tool;
        }

        foreach (var member in agent.Omit)
        {
            body.Remove(member);
        }

        foreach (var (name, value) in agent.ExtraBody is { Length: > 0 } extra ? JsonNode.Parse(extra)!.AsObject() : [])
        {
            body[name] = value?.DeepClone();
        }

        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static async Task<string> BeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var beginning = new byte[MaxErrorBytes];
        try
        {
            return Encoding.UTF8.GetString(beginning, 0, await body.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken));
        }
        catch (Exception ex) when (ex is IOException or HttpRequestException)
        {
            return ""; // the status says enough
        }
    }

    private TimeSpan? RetryAfter(HttpResponseHeaders headers) =>
        headers.RetryAfter is { Delta: { } wait } ? wait
        : headers.RetryAfter is { Date: { } at } ? at - clock.GetUtcNow()
        : headers.TryGetValues("Retry-After", out var values) && double.TryParse(values.First().TrimEnd('s'), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 86400
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
