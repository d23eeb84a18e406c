using ChatBackend.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ChatBackend.Tests.Identity;

/// <summary>The cookie as the browser is told to keep it, and what is read of it.</summary>
public sealed class SessionCookieTests
{
    private static readonly DateTimeOffset Later = new(2026, 12, 24, 9, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("http", "chat_session", false)]
    [InlineData("https", "__Host-chat_session", true)]
    public void It_is_for_this_server_alone_and_no_matter_of_consent(string scheme, string name, bool secure)
    {
        var (context, kept) = (new DefaultHttpContext(), new Kept());
        context.Request.Scheme = scheme;
        context.Features.Set<IResponseCookiesFeature>(kept);

        SessionCookie.Append(context, "token", Later);

        kept.Cookies.Should().ContainSingle().Which.Should().BeEquivalentTo((Name: name, Value: "token", Options: new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", Secure = secure, Expires = Later, IsEssential = true,
        }));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("chat_session=a", "a")]
    [InlineData("other=b; chat_session=a", "a")]
    [InlineData("chat_session=a; chat_session=b", "a,b")]
    [InlineData("chat_session=a;chat_session=a", "a")]
    [InlineData("Chat_Session=a; chat_session_2=b; xchat_session=c", "")]
    [InlineData("__Host-chat_session=a", "")]
    [InlineData("chat_session=", "")]
    [InlineData("chat_session=a=b", "a=b")]
    public void Every_different_token_under_its_name_is_read(string header, string tokens)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = header;

        string.Join(',', SessionCookie.TokensOf(context)).Should().Be(tokens);
    }

    private sealed class Kept : IResponseCookiesFeature, IResponseCookies
    {
        public List<(string Name, string Value, CookieOptions Options)> Cookies { get; } = [];

        IResponseCookies IResponseCookiesFeature.Cookies => this;

        public void Append(string key, string value, CookieOptions options) => Cookies.Add((key, value, options));

        public void Append(string key, string value) => throw new NotSupportedException();

        public void Delete(string key) => throw new NotSupportedException();

        public void Delete(string key, CookieOptions options) => throw new NotSupportedException();
    }
}
