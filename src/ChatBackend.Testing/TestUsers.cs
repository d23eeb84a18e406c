using System.Collections.Concurrent;
using System.Security.Claims;

namespace ChatBackend.Testing;

/// <summary>The users that the test has named, by their tokens.</summary>
internal sealed class TestUsers
{
    private readonly ConcurrentDictionary<string, ClaimsPrincipal> _byToken = new(StringComparer.Ordinal);

    /// <returns>The token.</returns>
    public string SignIn(string userId, IEnumerable<Claim> claims)
    {
        var token = $"test_{Guid.NewGuid():N}";
        _byToken[token] = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, userId), .. claims], TestSignIn.Scheme));
        return token;
    }

    public ClaimsPrincipal? Find(string? token) => token is not null && _byToken.TryGetValue(token, out var user) ? user : null;
}
