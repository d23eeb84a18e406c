using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ChatBackend.Errors;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Rest;

/// <summary>What every request goes through: who sends it, and, when it fails, the one place where that becomes a problem.</summary>
internal sealed partial class RestGate(ApiIdentity identity, Readiness readiness, Refusals refusals, Quarantine quarantine, ILogger<RestGate> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (!readiness.IsReady)
        {
            refusals.Request(StatusCodes.Status503ServiceUnavailable, RefusalReason.NotReady);
            return Unavailable(http, "The server is starting or stopping; ask again in a moment.");
        }

        switch (await identity.DecideAsync(http))
        {
            case UpgradeDecision.Refused refused:
                refusals.Request(refused.Status, refused.Reason);
                return refused.Status == StatusCodes.Status503ServiceUnavailable ? Unavailable(http, refused.Problem) : Problem(refused.Status, refused.Problem);
            case UpgradeDecision.Accepted accepted:
                http.Features.Set(new RestSession(accepted.Session));
                return await AnswerAsync(context, next);
            default:
                throw new UnreachableException();
        }
    }

    private async ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            return await next(context);
        }
        catch (UnreadableThreadException ex) when (!http.Response.HasStarted)
        {
            quarantine.Add(ex);
            refusals.Command(ErrorCode.Unavailable, "Request");
            return Unavailable(http, Quarantine.Refusal().Message, Quarantine.Pause);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return Results.Empty; // the client is gone
        }
        catch (Exception ex) when (http.Response.HasStarted)
        {
            // The rest of a download: a body that ends as if it were whole would be a lie.
            BrokenOff(ex, http.Request.Path);
            http.Abort();
            return Results.Empty;
        }
        catch (RestException ex)
        {
            refusals.Error("invalid_request", "Request");
            return Problem(ex.Status, ex.Message);
        }
        catch (ProtocolException ex) when (ex.Code != ErrorCode.Unavailable)
        {
            refusals.Command(ex.Code, "Request");
            return Problem(RestException.StatusOf(ex.Code), ex.Message, ex);
        }
        catch (BadHttpRequestException ex)
        {
            refusals.Error("invalid_request", "Request");
            return Problem(ex.StatusCode, "The request could not be read.");
        }
        catch (ProtocolException ex)
        {
            refusals.Command(ex.Code, "Request");
            return Unavailable(http, ex.Message, TimeSpan.FromMilliseconds(ex.RetryAfterMs ?? 1000));
        }
        catch (Exception ex) when (ex is LogUnavailableException or TimeoutException or OrleansException)
        {
            refusals.Command(ErrorCode.Unavailable, "Request");
            return Unavailable(http, ProtocolException.Unavailable().Message);
        }
        catch (Exception ex)
        {
            var trace = Guid.NewGuid().ToString("n");
            refusals.Command(ErrorCode.Internal, "Request");
            RequestBroke(ex, http.Request.Method, trace);
            return Problem(StatusCodes.Status500InternalServerError, $"Internal error. Reference: {trace}.");
        }
    }

    private static ProblemHttpResult Unavailable(HttpContext http, string detail, TimeSpan? after = null)
    {
        http.Response.Headers.RetryAfter = ((int?)after?.TotalSeconds ?? 1).ToString(CultureInfo.InvariantCulture);
        return Problem(StatusCodes.Status503ServiceUnavailable, detail);
    }

    private static ProblemHttpResult Problem(int status, string detail, ProtocolException? refused = null)
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

        return TypedResults.Problem(detail, statusCode: status, extensions: more);
    }

    [LoggerMessage(LogLevel.Warning, "The response to {Path} was cut off by an error")]
    private partial void BrokenOff(Exception failure, string path);

    [LoggerMessage(LogLevel.Error, "Unhandled exception in a {Method} request, reference {Trace}")]
    private partial void RequestBroke(Exception bug, string method, string trace);
}

/// <summary>Who sent the request that is being answered.</summary>
internal sealed record RestSession(Session Session)
{
    public static Session Of(HttpContext http) => http.Features.Get<RestSession>()?.Session ?? throw new InvalidOperationException("The endpoint is not behind RestGate.");

    public static UserId UserOf(HttpContext http) => Of(http).User;
}
