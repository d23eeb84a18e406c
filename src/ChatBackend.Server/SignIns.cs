using ChatBackend.Identity;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace ChatBackend.Server;

/// <summary>Who may chat: guests, and the users of an OpenID Connect issuer where <c>Auth:Authority</c> names one.</summary>
internal static partial class SignIns
{
    public const string AuthoritySetting = "Auth:Authority";

    private const string AudienceSetting = "Auth:Audience";
    private const string Issuer = "Issuer";

    public static void AddSignIns(this WebApplicationBuilder builder, IChatBackendBuilder chat)
    {
        chat.AddGuests().AddTickets();
        builder.Services.AddSingleton<IHttpContextFactory, TicketStrippingHttpContextFactory>();
        var (authority, audience) = (builder.Configuration[AuthoritySetting], builder.Configuration[AudienceSetting]);
        if (authority is { Length: > 0 } || audience is { Length: > 0 })
        {
            chat.AddSignIn(Issuer);
            builder.AddIssuer(Parse(authority), audience is { Length: > 0 }
                ? audience
                : throw new InvalidOperationException($"{AudienceSetting} is missing: tokens of the issuer that are meant for other services would be taken. Name what its tokens for this server have as aud."));
        }
    }

    private static void AddIssuer(this WebApplicationBuilder builder, Uri authority, string audience)
    {
        builder.Services.AddAuthentication().AddJwtBearer(Issuer, options =>
        {
            options.Authority = authority.ToString();
            options.Audience = audience;
            options.RequireHttpsMetadata = !authority.IsLoopback;
            options.BackchannelTimeout = TimeSpan.FromSeconds(5);
            // Claims keep the names that the issuer gives them.
            options.MapInboundClaims = false;
            options.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30);
            options.Events = new JwtBearerEvents { OnMessageReceived = ReceiveAsync };
        });
        // AddAuthentication brings a Data Protection that nothing uses here, and that would write keys into the user's home directory.
        builder.Services.AddOptions<KeyManagementOptions>().Configure<KeyFiles>((keys, files) => keys.XmlRepository = files);
    }

    // Tokens of an issuer have dots, those of a guest have none. A browser sends one as a sub-protocol.
    private static async Task ReceiveAsync(MessageReceivedContext context)
    {
        if (ChatAuthentication.BearerToken(context.Request) is not { } token || !token.Contains('.', StringComparison.Ordinal))
        {
            context.NoResult();
            return;
        }

        context.Token = token;
        try
        {
            await context.Options.ConfigurationManager!.GetConfigurationAsync(context.HttpContext.RequestAborted);
        }
        catch (InvalidOperationException ex)
        {
            // Not 401: a client would throw a good token away.
            LogUnreachable(context.HttpContext.RequestServices.GetRequiredService<ILogger<JwtBearerHandler>>(), context.Options.Authority!, ex.Message);
            context.Fail(new SignInRefusedException(
                StatusCodes.Status503ServiceUnavailable, RefusalReason.SignInUnavailable, "The issuer of that token cannot be asked for its keys; connect again in a moment."));
        }
    }

    private static Uri Parse(string? authority) =>
        Uri.TryCreate(authority, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            ? uri
            : throw new InvalidOperationException($"{AuthoritySetting} is not an issuer: write its address as https://login.example.com, below which it has /.well-known/openid-configuration.");

    [LoggerMessage(LogLevel.Warning, "The issuer {Authority} cannot be asked for its keys ({Reason}); its users are refused with 503 until it can")]
    private static partial void LogUnreachable(ILogger logger, string authority, string reason);
}
