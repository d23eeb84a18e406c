using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>
/// Makes and reads the tokens that say who a client is. A token holds its user and expiry, sealed by a key of this server;
/// nothing is stored. Its text is base64url, so that it can stand in a header, a cookie and a sub-protocol.
/// </summary>
internal sealed class SessionTokens([FromKeyedServices(TokenProtection.Key)] IDataProtectionProvider protection, TimeProvider clock, IOptions<GuestOptions> options)
{
    // Ours are about 200 characters; what is far longer is not worth decoding.
    private const int MaxLength = 1024;

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly IDataProtector _protector = protection.CreateProtector("ChatBackend.Session.v1");

    public (string Token, Session Session) Issue(UserId user)
    {
        // Whole milliseconds: what the client is told is exactly what holds.
        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds((clock.GetUtcNow() + options.Value.TokenLifetime).ToUnixTimeMilliseconds());
        // The expiry is in the payload because data protection's own looks at the machine's clock.
        var payload = new byte[sizeof(long) + Encoding.UTF8.GetByteCount(user.Value)];
        BinaryPrimitives.WriteInt64BigEndian(payload, expiresAt.UtcTicks);
        Encoding.UTF8.GetBytes(user.Value, payload.AsSpan(sizeof(long)));
        return (Base64Url.EncodeToString(_protector.Protect(payload)), new Session(user, expiresAt));
    }

    /// <summary>Null for everything that is not a token of this server in its time.</summary>
    public Session? Read(string token)
    {
        if (token.Length is 0 or > MaxLength || token.AsSpan().ContainsAnyExcept(Alphabet) || Unseal(token) is not { } payload)
        {
            return null;
        }

        var session = new Session(
            UserId.From(Encoding.UTF8.GetString(payload.AsSpan(sizeof(long)))),
            new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(payload), TimeSpan.Zero));
        return session.ExpiresAt > clock.GetUtcNow() ? session : null;
    }

    private byte[]? Unseal(string token)
    {
        try
        {
            return _protector.Unprotect(Base64Url.DecodeFromChars(token));
        }
        catch (Exception ex) when (ex is FormatException or CryptographicException)
        {
            return null;
        }
    }
}
