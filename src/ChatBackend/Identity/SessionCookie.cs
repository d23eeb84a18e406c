using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>
/// The cookie that carries a browser's token. Over https its name begins with <c>__Host-</c>, which a browser takes only from this very host, so that no
/// neighbour can plant one. The scheme alone decides which name counts; the other is not looked at.
/// </summary>
internal static class SessionCookie
{
    public const string PlainName = "chat_session";
    public const string HostName = "__Host-chat_session";

    public const string Conflict = "Two different session cookies were sent. Remove them and get a new session.";

    public static string NameFor(HttpRequest request) => request.IsHttps ? HostName : PlainName;

    /// <summary>The different tokens that came: more than one is no identity, since nobody can say which of them the user meant.</summary>
    public static HashSet<string> TokensOf(HttpRequest request)
    {
        var name = NameFor(request) + "=";
        return
        [
            .. request.Headers.Cookie
                .SelectMany(header => (header ?? "").Split(';', StringSplitOptions.TrimEntries))
                .Where(cookie => cookie.StartsWith(name, StringComparison.Ordinal))
                .Select(cookie => cookie[name.Length..]),
        ];
    }

    public static void Append(HttpContext context, string token, DateTimeOffset expiresAt) =>
        context.Response.Cookies.Append(NameFor(context.Request), token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Path = "/",
            Secure = context.Request.IsHttps,
            Expires = expiresAt,
            IsEssential = true,
        });
}
