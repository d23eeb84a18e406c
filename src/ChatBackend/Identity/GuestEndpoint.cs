using System.Text.Json.Serialization;
using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary><c>POST /api/guests</c>: a new guest every time, with a token and the same token as a cookie.</summary>
internal static class GuestEndpoint
{
    public static void MapGuests(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        if (services.GetService<SessionTokens>() is not { } tokens)
        {
            return; // the application has sign-ins of its own
        }

        var options = services.GetRequiredService<IOptions<GuestOptions>>();
        var enabled = options.Value.Enabled ?? services.GetRequiredService<IHostEnvironment>().IsDevelopment();
        var origins = services.GetRequiredService<OriginPolicy>();
        var refusals = services.GetRequiredService<Refusals>();

        var guests = routes.MapPost("/api/guests", Results<JsonHttpResult<Guest>, ProblemHttpResult> (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            if (origins.Check(context) is var origin && (origin is OriginVerdict.Foreign || (origin is OriginVerdict.None && OriginPolicy.IsOfAnotherPage(context.Request))))
            {
                return Refuse(refusals, RefusalReason.ForeignOrigin, OriginPolicy.Refusal);
            }

            if (!enabled)
            {
                return Refuse(refusals, RefusalReason.GuestsDisabled, "Guests are disabled here. Guests:Enabled turns them on.");
            }

            var (token, session) = tokens.Issue(UserId.New());
            SessionCookie.Append(context, token, session.ExpiresAt);
            return TypedResults.Json(new Guest(session.User.Value, token, WireTime(session.ExpiresAt)), GuestJson.Default.Guest);
        })
            .WithMetadata(new ChatApi("create_guest")).WithSummary("A new guest every time, with a token, also set as a cookie.").WithTags("Identity").WithGroupName(ChatApi.Group)
            .Produces<Guest>().ProducesProblem(StatusCodes.Status403Forbidden)
            .WithMetadata(new AllowAnonymousAttribute()); // it is how one signs in
        ChatPath.WithChatPath(guests, "api");
    }

    private static ProblemHttpResult Refuse(Refusals refusals, string reason, string detail)
    {
        refusals.Request(StatusCodes.Status403Forbidden, reason);
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status403Forbidden);
    }

    private static string WireTime(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}

internal sealed record Guest(
    [property: JsonPropertyName("user_id")] string UserId, string Token, [property: JsonPropertyName("expires_at")] string ExpiresAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Guest))]
internal sealed partial class GuestJson : JsonSerializerContext;
