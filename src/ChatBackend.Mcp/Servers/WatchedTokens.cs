using ModelContextProtocol.Authentication;

namespace ChatBackend.Mcp.Servers;

/// <summary>The OAuth tokens of a server. Each is a secret from when it is known on.</summary>
internal sealed class WatchedTokens(ITokenCache? kept, SecretMask mask) : ITokenCache
{
    private TokenContainer? _tokens;

    public async ValueTask StoreTokensAsync(TokenContainer tokens, CancellationToken cancellationToken)
    {
        Watch(tokens);
        _tokens = tokens;
        if (kept is not null)
        {
            await kept.StoreTokensAsync(tokens, cancellationToken);
        }
    }

    public async ValueTask<TokenContainer?> GetTokensAsync(CancellationToken cancellationToken)
    {
        var tokens = kept is null ? _tokens : await kept.GetTokensAsync(cancellationToken);
        Watch(tokens);
        return tokens;
    }

    private void Watch(TokenContainer? tokens)
    {
        Pass(tokens?.AccessToken);
        Pass(tokens?.RefreshToken);
        Pass(tokens?.ClientSecret);
    }

    private void Pass(string? secret)
    {
        if (secret is not null)
        {
            mask.AddPassing(secret);
        }
    }
}
