using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace ChatBackend.Tests.Hosting;

/// <summary>An OpenID Connect issuer behind a real socket, with discovery, keys and a token endpoint that gives every client what it asks for.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestIssuer(WebApplication app) => (_app, Address) = (app, new Uri(app.Urls.First()));

    public Uri Address { get; }

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.EnableDegradedMode(); // without a store of clients
            server.SetTokenEndpointUris("connect/token");
            server.AllowClientCredentialsFlow();
            server.AddEphemeralSigningKey().AddEphemeralEncryptionKey().DisableAccessTokenEncryption();
            server.UseAspNetCore().DisableTransportSecurityRequirement();
            server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(_ => default));
            server.AddEventHandler<HandleTokenRequestContext>(handler => handler.UseInlineHandler(Issue));
        });
        var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestIssuer(app);
    }

    /// <summary>A token of a user for a service.</summary>
    public async Task<string> TokenAsync(string user, string audience = "chat", TimeSpan? lifetime = null)
    {
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = GrantTypes.ClientCredentials,
            ["client_id"] = user,
            ["client_secret"] = "unchecked",
            ["for"] = audience,
            ["seconds"] = $"{(lifetime ?? TimeSpan.FromHours(1)).TotalSeconds}",
        });
        using var response = await http.PostAsync(new Uri(Address, "connect/token"), form, TestContext.Current.CancellationToken).Soon();
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return body.GetProperty("access_token").GetString()!;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static ValueTask Issue(HandleTokenRequestContext context)
    {
        var request = context.Request;
        var identity = new ClaimsIdentity("Issuer");
        identity.AddClaim(new Claim(Claims.Subject, request.ClientId!));
        identity.AddClaim(new Claim("employee", $"emp-{request.ClientId}"));
        identity.SetDestinations(_ => [Destinations.AccessToken]);
        context.Principal = new ClaimsPrincipal(identity)
            .SetResources((string)request.GetParameter("for")!)
            .SetAccessTokenLifetime(TimeSpan.FromSeconds(double.Parse((string)request.GetParameter("seconds")!, System.Globalization.CultureInfo.InvariantCulture)));
        return default;
    }
}
