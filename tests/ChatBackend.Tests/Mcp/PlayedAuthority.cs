using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Authentication;

namespace ChatBackend.Tests.Mcp;

/// <summary>An OAuth authorization server. It gives the first token for a person's sign-in and each further one for the refresh token of the one before; who has no client id can register.</summary>
internal sealed class PlayedAuthority : IAsyncDisposable
{
    public const string RegisteredId = "registered-client";

    private const string Code = "the-code";

    private readonly WebApplication _app;
    private readonly string _clientSecret;
    private readonly string _access;
    private readonly string _refresh;
    private int _issued;

    private PlayedAuthority(WebApplication app, string clientSecret, string access, string refresh) => (_app, _clientSecret, _access, _refresh) = (app, clientSecret, access, refresh);

    /// <summary>The forms that were sent to its token endpoint.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Forms { get; } = [];

    /// <summary>What was sent to its registration endpoint.</summary>
    public ConcurrentQueue<JsonNode> Registrations { get; } = [];

    public int SignIns { get; private set; }

    /// <param name="access">The first access token; the next has <c>-2</c> behind it, and so on. The refresh tokens likewise.</param>
    public static async Task<PlayedAuthority> StartAsync(string clientSecret, string access, string refresh)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var authority = new PlayedAuthority(builder.Build(), clientSecret, access, refresh);
        authority._app.MapGet("/resource", (string of) => Results.Text($$"""{"resource":"{{of}}","authorization_servers":["{{authority.Url}}"]}""", "application/json"));
        authority._app.MapGet("/.well-known/oauth-authorization-server", () => Results.Text(authority.Metadata(), "application/json"));
        authority._app.MapPost("/token", authority.TokenAsync);
        authority._app.MapPost("/register", authority.RegisterAsync);
        await authority._app.StartAsync(TestContext.Current.CancellationToken);
        return authority;
    }

    private string Url => _app.Urls.Single();

    public static string Nth(string token, int number) => number == 1 ? token : $"{token}-{number}";

    /// <summary>Answers a request to a server as one whose token does not count.</summary>
    public void Refuse(PlayedRequest request, PlayedMcpServer server)
    {
        request.Http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        request.Http.Response.Headers.WWWAuthenticate = $"Bearer resource_metadata=\"{Url}/resource?of={Uri.EscapeDataString(server.Url)}\"";
    }

    /// <summary>A person who signs in.</summary>
    public Task<AuthorizationResult?> SignInAsync(AuthorizationCallbackContext context, CancellationToken cancellationToken)
    {
        SignIns++;
        return Task.FromResult<AuthorizationResult?>(new AuthorizationResult { Code = Code, State = HttpUtility.ParseQueryString(context.AuthorizationUri.Query)["state"] });
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private string Metadata() =>
        $$"""
        {"issuer":"{{Url}}","authorization_endpoint":"{{Url}}/authorize","token_endpoint":"{{Url}}/token","registration_endpoint":"{{Url}}/register",
         "response_types_supported":["code"],"grant_types_supported":["authorization_code","refresh_token"],"code_challenge_methods_supported":["S256"],
         "token_endpoint_auth_methods_supported":["client_secret_post"]}
        """;

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = (await request.ReadFormAsync()).ToDictionary(field => field.Key, field => field.Value.ToString());
        Forms.Enqueue(form);
        var isRight = form.GetValueOrDefault("client_secret") == _clientSecret && (form.GetValueOrDefault("grant_type") switch
        {
            "authorization_code" => form.GetValueOrDefault("code") == Code,
            "refresh_token" => form.GetValueOrDefault("refresh_token") == Nth(_refresh, _issued),
            _ => false,
        });
        if (!isRight)
        {
            return Results.BadRequest();
        }

        var number = ++_issued;
        return Results.Text($$"""{"access_token":"{{Nth(_access, number)}}","refresh_token":"{{Nth(_refresh, number)}}","token_type":"Bearer","expires_in":3600}""", "application/json");
    }

    private async Task<IResult> RegisterAsync(HttpRequest request)
    {
        Registrations.Enqueue((await JsonNode.ParseAsync(request.Body))!);
        return Results.Text($$"""{"client_id":"{{RegisteredId}}","client_secret":"{{_clientSecret}}","token_endpoint_auth_method":"client_secret_post"}""", "application/json", statusCode: StatusCodes.Status201Created);
    }
}
