using System.Text;
using ChatBackend.Mcp.Servers;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace ChatBackend.Mcp.Transport;

/// <summary>One connection to a server: the program that is started for it, or the HTTP client that is made for it.</summary>
internal sealed class ServerTransport(ServerSettings server, IReadOnlyDictionary<string, string> userHeaders, StandardErrorLines errors, TimeProvider clock) : IClientTransport, IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private HttpClientTransport? _http;

    /// <summary>Null where the server is an address, and until it is started.</summary>
    public ServerProcess? Process { get; private set; }

    /// <summary>Is told, with a sentence, when an address does not know the session any more, as after its restart.</summary>
    public Action<string>? SessionRefused { get; set; }

    public string Name => server.Name;

    public async Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default)
    {
        if (!server.IsAddress)
        {
            return Process = await ServerProcess.StartAsync(server.Options, server.Environment, errors, clock);
        }

        _http = new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Name = server.Name,
                Endpoint = new Uri(server.Options.Url!),
                TransportMode = HttpTransportMode.StreamableHttp,
                AdditionalHeaders = Headers(),
                OAuth = OAuth(),
            },
            Client(),
            loggerFactory: null, // it would log what the server sends
            ownsHttpClient: true);
        return await _http.ConnectAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Process is { } process)
        {
            await process.DisposeAsync();
        }

        if (_http is { } http)
        {
            await http.DisposeAsync();
        }
    }

    private Dictionary<string, string> Headers()
    {
        var headers = new Dictionary<string, string>(server.Headers, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in userHeaders)
        {
            headers[name] = value;
        }

        return headers;
    }

    private HttpClient Client() => new(new BoundedResponses(server.Options.MaxMessageBytes, sentence => SessionRefused?.Invoke(sentence), clock, new SocketsHttpHandler
    {
        // A redirect would take the headers to another address.
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    }))
    {
        Timeout = Timeout.InfiniteTimeSpan, // each call has its own
    };

    private ClientOAuthOptions? OAuth() => server.Options.OAuth is not { } oauth ? null : new ClientOAuthOptions
    {
        ClientId = oauth.ClientId,
        ClientSecret = server.ClientSecret,
        RedirectUri = oauth.RedirectUri,
        Scopes = oauth.Scopes.Count > 0 ? oauth.Scopes : null,
        TokenCache = server.Tokens,
        AuthorizationCallbackHandler = oauth.Authorize ?? NobodySignsIn,
    };

    // The SDK would ask at the console.
    private static Task<AuthorizationResult?> NobodySignsIn(AuthorizationCallbackContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("A person has to sign in at it: set OAuth.Authorize, or a TokenCache that has tokens, in code.");
}
