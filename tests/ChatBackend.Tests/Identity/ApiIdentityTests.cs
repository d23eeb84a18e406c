using ChatBackend.Identity;
using ChatBackend.Telemetry;

namespace ChatBackend.Tests.Identity;

/// <summary>Who an HTTP request is from.</summary>
public sealed class ApiIdentityTests
{
    private const string Own = "https://chat.example.com";
    private const string Listed = "https://app.example.org";
    private const string Cookie = "__Host-chat_session={token}";

    private readonly IdentityFixture _fixture = new(Listed);

    [Fact]
    public void A_token_is_enough_for_a_program_and_for_listed_pages()
    {
        StatusOf("POST", ("Authorization", "Bearer {token}")).Should().Be(200);
        StatusOf("DELETE", ("Authorization", "Bearer {token}"), ("Origin", Own)).Should().Be(200);
        StatusOf("POST", ("Authorization", "Bearer {token}"), ("Origin", Listed)).Should().Be(200);
        ((Admission.Accepted)Decide("GET", ("Authorization", "Bearer {token}"))).Session.User.Should().Be(IdentityFixture.Ada);
    }

    [Fact]
    [Trait("failure", "P14")]
    public void A_foreign_page_is_refused_whatever_it_brings()
    {
        StatusOf("GET", ("Authorization", "Bearer {token}"), ("Origin", "https://evil.example")).Should().Be(403);
        StatusOf("GET", ("Cookie", Cookie), ("Origin", "https://evil.example")).Should().Be(403);
        StatusOf("GET", ("Authorization", "Bearer {token}"), ("Origin", "null")).Should().Be(403);
    }

    [Fact]
    public void Without_a_token_that_is_valid_nobody_is_known()
    {
        var (other, _) = _fixture.Tokens.Issue(IdentityFixture.Ada);

        StatusOf("GET").Should().Be(401);
        StatusOf("GET", ("Authorization", "Bearer wrong")).Should().Be(401);
        StatusOf("GET", ("Authorization", "{token}")).Should().Be(401);
        StatusOf("GET", ("Authorization", "Bearer {token}"), ("Authorization", "Bearer {token}")).Should().Be(200);
        StatusOf("GET", ("Authorization", "Bearer {token}"), ("Authorization", $"Bearer {other}")).Should().Be(401);
        StatusOf("GET", ("Cookie", "__Host-chat_session=wrong"), ("Origin", Own)).Should().Be(401);
        StatusOf("GET", ("Authorization", "Bearer wrong"), ("Cookie", Cookie), ("Origin", Own)).Should().Be(401, "a token that was given explicitly is final");
        ((Admission.Refused)Decide("GET", ("Cookie", $"{Cookie}; __Host-chat_session={other}"), ("Origin", Own)))
            .Should().BeEquivalentTo(new { Status = 401, Reason = RefusalReason.CookieConflict });
        _fixture.Clock.Advance(TimeSpan.FromDays(31));
        StatusOf("GET", ("Authorization", "Bearer {token}")).Should().Be(401);
    }

    [Theory]
    [InlineData("GET", Own, null, 200)]
    [InlineData("POST", Own, null, 200)]
    [InlineData("GET", null, null, 200)]
    [InlineData("HEAD", null, null, 200)]
    [InlineData("GET", null, "same-origin", 200)]
    [InlineData("GET", null, "none", 200)]
    [InlineData("GET", null, "same-site", 403)]
    [InlineData("GET", null, "cross-site", 403)]
    [InlineData("POST", null, null, 403)]
    [InlineData("DELETE", null, "same-origin", 403)]
    [InlineData("GET", Listed, null, 403)]
    [InlineData("GET", Listed, "same-origin", 403)]
    [Trait("failure", "P14")]
    public void The_cookie_counts_only_for_pages_of_this_server(string method, string? origin, string? site, int status)
    {
        var headers = new List<(string, string)> { ("Cookie", Cookie) };
        headers.AddRange(origin is null ? [] : [("Origin", origin)]);
        headers.AddRange(site is null ? [] : [("Sec-Fetch-Site", site)]);

        StatusOf(method, [.. headers]).Should().Be(status);
    }

    [Theory]
    [InlineData("POST", null, null, "no_token", "A token is needed: as bearer, or in the cookie.", 401)]
    [InlineData("POST", "https://evil.example", null, "foreign_origin", "This origin may not connect. If it should, add it to Connections:AllowedOrigins.", 403)]
    [InlineData("POST", null, Cookie, "foreign_cookie", "The session cookie counts only for pages of this server.", 403)]
    [InlineData("POST", Own, "__Host-chat_session=wrong", "invalid_token", "The session is invalid or expired. Get a new one.", 401)]
    [InlineData("GET", Own, Cookie + "; __Host-chat_session=other", "cookie_conflict", "Two different session cookies were sent. Remove them and get a new session.", 401)]
    public void Each_refusal_has_its_own_reason_and_says_what_to_do(string method, string? origin, string? cookie, string reason, string problem, int status)
    {
        List<(string, string)> headers = [.. origin is null ? [] : new[] { ("Origin", origin) }, .. cookie is null ? [] : new[] { ("Cookie", cookie) }];

        Decide(method, [.. headers]).Should().Be(new Admission.Refused(status, reason, problem));
    }

    private Admission Decide(string method, params (string, string)[] headers)
    {
        var context = _fixture.Request(headers);
        context.Request.Method = method;
        return _fixture.DecideApi(context);
    }

    private int StatusOf(string method, params (string, string)[] headers) =>
        Decide(method, headers) is Admission.Refused refused ? refused.Status : 200;
}
