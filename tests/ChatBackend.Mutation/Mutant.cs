using System.Security.Cryptography;
using System.Text;

namespace ChatBackend.Mutation;

/// <summary>One small change of the source.</summary>
/// <param name="Key">Names it across edits elsewhere: file, member, kind, text, and which of several alike.</param>
/// <param name="IsStatic">In a value that is made once in a process: whichever test runs first reaches it, for all of them.</param>
internal sealed record Mutant(Area Area, string Key, string File, int Line, bool IsStatic)
{
    /// <summary>Its place in the order of a seed, which stays the same while other code changes.</summary>
    public string Rank(int seed) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {Key}")));
}
