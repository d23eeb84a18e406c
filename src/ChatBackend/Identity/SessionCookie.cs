using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>
/// The cookie that carries a browser's token. Over https its name begins with <c>__Host-</c>, which a browser takes only from this very host, so that no
/// neighbour can plant one. Such a cookie is for the whole host: a chat that lies below a path has <c>__Secure-</c> and a cookie for its path instead.
/// Scheme and path alone decide which name counts; the others are not looked at.
/// </summary>
internal static class SessionCookie
{
    public const string PlainName = "chat_session";
    public const string HostName = "__Host-chat_session";
    public const string SecureName = "__Secure-chat_session";

    public const string Conflict = "Two different session cookies were sent. Remove them and get a new session.";

    public static string NameFor(HttpContext context) => !context.Request.IsHttps ? PlainName : ChatPath.Of(context).Length == 0 ? HostName : SecureName;

    /// <summary>The different tokens that came: more than one is not an identity, since it cannot be told which of them the user meant.</summary>
    public static HashSet<string> TokensOf(HttpContext context)
    {
        var name = NameFor(context) + "=";
        return
        [
            .. context.Request.Headers.Cookie
                .SelectMany(header => (header ?? "").Split(';', StringSplitOptions.TrimEntries))
                .Where(cookie => cookie.StartsWith(name, StringComparison.Ordinal))
                .Select(cookie => cookie[name.Length..]),
        ];
    }

    public static void Append(HttpContext context, string token, DateTimeOffset expiresAt) =>
        context.Response.Cookies.Append(NameFor(context), token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Path = ChatPath.Of(context) is { Length: > 0 } path ? path : "/",
            Secure = context.Request.IsHttps,
            Expires = expiresAt,
            IsEssential = true,
        });
}
