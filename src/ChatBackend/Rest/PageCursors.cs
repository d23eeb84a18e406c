using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.DataProtection;

namespace ChatBackend.Rest;

/// <summary>Where a page ended, sealed: a cursor counts for its user and its question only, and tells nobody how many threads there are.</summary>
internal sealed class PageCursors(IDataProtectionProvider protection)
{
    private const int MaxLength = 1024;

    /// <param name="question">What was asked for; a cursor of another question is refused.</param>
    public string Seal(UserId user, string question, params ReadOnlySpan<long> position)
    {
        var payload = new byte[position.Length * sizeof(long)];
        Buffer.BlockCopy(position.ToArray(), 0, payload, 0, payload.Length);
        return Base64Url.EncodeToString(Protector(user, question).Protect(payload));
    }

    /// <exception cref="RestException">It is none of this question.</exception>
    public long[] Open(UserId user, string question, string cursor)
    {
        try
        {
            if (cursor.Length is > 0 and <= MaxLength)
            {
                var payload = Protector(user, question).Unprotect(Base64Url.DecodeFromChars(cursor));
                var position = new long[payload.Length / sizeof(long)];
                Buffer.BlockCopy(payload, 0, position, 0, payload.Length);
                return position;
            }
        }
        catch (Exception notOurs) when (notOurs is FormatException or CryptographicException)
        {
            // said below
        }

        throw RestException.Invalid("cursor is none that this list gave out.");
    }

    private IDataProtector Protector(UserId user, string question) =>
        protection.CreateProtector("ChatBackend.Cursor.v1", user.Value, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(question))));
}
