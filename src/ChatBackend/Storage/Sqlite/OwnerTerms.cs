using System.Security.Cryptography;
using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.Storage.Sqlite;

/// <summary>The term of the search index that stands for a user: each is made once.</summary>
internal sealed class OwnerTerms
{
    private readonly Dictionary<UserId, string> _known = [];

    public string Of(UserId owner)
    {
        if (!_known.TryGetValue(owner, out var term))
        {
            _known[owner] = term = Make(owner);
        }

        return term;
    }

    /// <summary>No text has it: its first character belongs to no script.</summary>
    private static string Make(UserId owner) =>
        $"\uE000{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(owner.Value)).AsSpan(0, 8))}";
}
