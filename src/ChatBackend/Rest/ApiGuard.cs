using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using ChatBackend.Errors;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Rest;

/// <summary>What every request goes through: who sends it, and, when it fails, the one place where that becomes a problem.</summary>
internal sealed partial class ApiGuard(ApiIdentity identity, Readiness readiness, Refusals refusals, Quarantine quarantine, ILogger<ApiGuard> logger)
{
    /// <summary>Around the whole endpoint: nothing of a request is read before it is known who sends it, and what cannot be read becomes a problem like the rest.</summary>
    public void Guard(EndpointBuilder endpoint)
    {
        var (parameters, next) = (new RestParameters(endpoint.Metadata.OfType<MethodInfo>().Last()), endpoint.RequestDelegate!);
        endpoint.RequestDelegate = http => InvokeAsync(http, parameters, next);
    }

    private async Task InvokeAsync(HttpContext http, RestParameters parameters, RequestDelegate next)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (!readiness.IsReady)
        {
            refusals.Request(StatusCodes.Status503ServiceUnavailable, RefusalReason.NotReady);
            await Unavailable(http, "The server is starting or stopping; ask again in a moment.");
            return;
        }

        switch (await identity.DecideAsync(http))
        {
            case Admission.Refused refused:
                refusals.Request(refused.Status, refused.Reason);
                await (refused.Status == StatusCodes.Status503ServiceUnavailable ? Unavailable(http, refused.Problem) : Problem(http, refused.Status, refused.Problem));
                return;
            case Admission.Accepted accepted:
                http.Features.Set(new RestSession(accepted.Session));
                await AnswerAsync(http, parameters, next);
                return;
            default:
                throw new UnreachableException();
        }
    }

    private async Task AnswerAsync(HttpContext http, RestParameters parameters, RequestDelegate next)
    {
        try
        {
            parameters.Check(http);
            await next(http);
        }
        catch (UnreadableThreadException ex) when (!http.Response.HasStarted)
        {
            quarantine.Add(ex);
            refusals.Command(ErrorCode.Unavailable, "Request");
            await Unavailable(http, Quarantine.Refusal().Message, Quarantine.Pause);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
        }
        catch (Exception ex) when (http.Response.HasStarted)
        {
            // The rest of a download: a body that ends as if it were whole would be a lie.
            BrokenOff(ex, http.Request.Path);
            http.Abort();
        }
        catch (RestException ex)
        {
            refusals.Error("invalid_request", "Request");
            await Problem(http, ex.Status, ex.Message);
        }
        catch (ProtocolException ex) when (ex.Code != ErrorCode.Unavailable)
        {
            refusals.Command(ex.Code, "Request");
            await Problem(http, RestException.StatusOf(ex.Code), ex.Message, ex);
        }
        catch (BadHttpRequestException ex)
        {
            refusals.Error("invalid_request", "Request");
            await Problem(http, ex.StatusCode, "The request could not be read.");
        }
        catch (ProtocolException ex)
        {
            refusals.Command(ex.Code, "Request");
            await Unavailable(http, ex.Message, TimeSpan.FromMilliseconds(ex.RetryAfterMs ?? 1000));
        }
        catch (Exception ex) when (ex is LogUnavailableException or TimeoutException or OrleansException)
        {
            refusals.Command(ErrorCode.Unavailable, "Request");
            await Unavailable(http, ProtocolException.Unavailable().Message);
        }
        catch (Exception ex)
        {
            var trace = Guid.NewGuid().ToString("n");
            refusals.Command(ErrorCode.Internal, "Request");
            RequestBroke(ex, http.Request.Method, trace);
            await Problem(http, StatusCodes.Status500InternalServerError, $"Internal error. Reference: {trace}.");
        }
    }

    private static Task Unavailable(HttpContext http, string detail, TimeSpan? after = null)
    {
        http.Response.Headers.RetryAfter = ((int?)after?.TotalSeconds ?? 1).ToString(CultureInfo.InvariantCulture);
        return Problem(http, StatusCodes.Status503ServiceUnavailable, detail);
    }

    private static Task Problem(HttpContext http, int status, string detail, ProtocolException? refused = null)
    {
        var more = new Dictionary<string, object?>();
        if (refused is not null)
        {
            more["code"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(refused.Code.ToString());
        }

        if (refused?.HistoryBeginsAt is { } begins)
        {
            more["history_begins_at"] = begins;
        }

        return TypedResults.Problem(detail, statusCode: status, extensions: more).ExecuteAsync(http);
    }

    [LoggerMessage(LogLevel.Warning, "The response to {Path} was cut off by an error")]
    private partial void BrokenOff(Exception failure, string path);

    [LoggerMessage(LogLevel.Error, "Unhandled exception in a {Method} request, reference {Trace}")]
    private partial void RequestBroke(Exception bug, string method, string trace);
}

/// <summary>Who sent the request that is being answered.</summary>
internal sealed record RestSession(Session Session)
{
    public static Session Of(HttpContext http) => http.Features.Get<RestSession>()?.Session ?? throw new InvalidOperationException("The endpoint is not behind ApiGuard.");

    public static UserId UserOf(HttpContext http) => Of(http).User;
}
