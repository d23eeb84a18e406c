namespace ChatBackend.Rest;

internal static class Excerpt
{
    private const int MaxLength = 242;

    /// <summary>A few words may still be very long ones. Never half a surrogate pair.</summary>
    public static string Of(string text) => text.Length <= MaxLength
        ? text
        : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength), "…");
}
