using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ChatBackend.Errors;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Rest;

/// <summary>Where a page ended, sealed: a cursor counts for its user, its question and its log only, and does not reveal how many threads there are.</summary>
internal sealed class PageCursors([FromKeyedServices(TokenProtection.Key)] IDataProtectionProvider protection, IEventLog log)
{
    private const int MaxLength = 1024;

    private long LogMark => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(log.LogId)));

    /// <param name="question">What was asked for; a cursor of another question is refused.</param>
    public string Seal(UserId user, string question, params ReadOnlySpan<long> position)
    {
        long[] sealedPosition = [LogMark, .. position];
        var payload = new byte[sealedPosition.Length * sizeof(long)];
        Buffer.BlockCopy(sealedPosition, 0, payload, 0, payload.Length);
        return Base64Url.EncodeToString(Protector(user, question).Protect(payload));
    }

    /// <exception cref="RestException">It is none of this question.</exception>
    /// <exception cref="ProtocolException">It was given out for another log: this one was restored from a backup since.</exception>
    public long[] Open(UserId user, string question, string cursor)
    {
        try
        {
            if (cursor.Length is > 0 and <= MaxLength)
            {
                var payload = Protector(user, question).Unprotect(Base64Url.DecodeFromChars(cursor));
                var position = new long[payload.Length / sizeof(long)];
                Buffer.BlockCopy(payload, 0, position, 0, payload.Length);
                return position is [var mark, .. var rest] && mark == LogMark
                    ? rest
                    : throw new ProtocolException(ErrorCode.StaleCursor, "That cursor was given out before the server's log was restored. Begin with the first page.");
            }
        }
        catch (Exception ex) when (ex is FormatException or CryptographicException)
        {
            // said below
        }

        throw RestException.Invalid("cursor is none that this list gave out.");
    }

    private IDataProtector Protector(UserId user, string question) =>
        protection.CreateProtector("ChatBackend.Cursor.v2", user.Value, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(question))));
}
