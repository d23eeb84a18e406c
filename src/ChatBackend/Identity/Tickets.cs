using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Identity;

/// <summary>
/// Tickets for one upgrade each, for clients that can set neither header nor sub-protocol. A ticket may stand in a URL because it is worth
/// nothing once it was used or its time is over. It is sealed, so that only used ones take memory, and counts in the process that made it.
/// </summary>
internal sealed class Tickets([FromKeyedServices(TokenProtection.Key)] IDataProtectionProvider protection, TimeProvider clock)
{
    public static TimeSpan Lifetime => TimeSpan.FromSeconds(30);

    private const int MaxLength = 1024;
    private const int NonceBytes = 16;
    private const int HeadBytes = NonceBytes + (2 * sizeof(long));

    // The purpose is new with each process: what was used before a restart cannot be used again after it.
    private readonly IDataProtector _protector = protection.CreateProtector("ChatBackend.Ticket.v1", Guid.NewGuid().ToString("n"));
    private readonly Lock _lock = new();
    private readonly HashSet<Guid> _used = [];
    private readonly Queue<(DateTimeOffset ExpiresAt, Guid Nonce)> _forget = [];

    /// <param name="session">What the connection's session will be.</param>
    public (string Ticket, DateTimeOffset ExpiresAt) Issue(Session session)
    {
        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds((clock.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds());
        var payload = new byte[HeadBytes + Encoding.UTF8.GetByteCount(session.User.Value)];
        RandomNumberGenerator.Fill(payload.AsSpan()[..NonceBytes]);
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(NonceBytes), expiresAt.UtcTicks);
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(NonceBytes + sizeof(long)), session.ExpiresAt.UtcTicks);
        Encoding.UTF8.GetBytes(session.User.Value, payload.AsSpan(HeadBytes));
        return (Base64Url.EncodeToString(_protector.Protect(payload)), expiresAt);
    }

    /// <summary>Null for everything that is not a ticket of this process in its time, the first time.</summary>
    public Session? Redeem(string ticket)
    {
        if (ticket.Length is 0 or > MaxLength || Unseal(ticket) is not { } payload)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var expiresAt = Time(payload.AsSpan(NonceBytes));
        var session = new Session(UserId.From(Encoding.UTF8.GetString(payload.AsSpan(HeadBytes))), Time(payload.AsSpan(NonceBytes + sizeof(long))));
        return expiresAt > now && session.ExpiresAt > now && IsFirst(new Guid(payload.AsSpan()[..NonceBytes]), expiresAt, now) ? session : null;
    }

    private bool IsFirst(Guid nonce, DateTimeOffset expiresAt, DateTimeOffset now)
    {
        lock (_lock)
        {
            while (_forget.TryPeek(out var oldest) && oldest.ExpiresAt + Lifetime < now)
            {
                _used.Remove(_forget.Dequeue().Nonce);
            }

            if (!_used.Add(nonce))
            {
                return false;
            }

            _forget.Enqueue((expiresAt, nonce));
            return true;
        }
    }

    private byte[]? Unseal(string ticket)
    {
        try
        {
            return _protector.Unprotect(Base64Url.DecodeFromChars(ticket));
        }
        catch (Exception ex) when (ex is FormatException or CryptographicException)
        {
            return null;
        }
    }

    private static DateTimeOffset Time(ReadOnlySpan<byte> ticks) => new(BinaryPrimitives.ReadInt64BigEndian(ticks), TimeSpan.Zero);
}
