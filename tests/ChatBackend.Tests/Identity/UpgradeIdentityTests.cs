using ChatBackend.Identity;

namespace ChatBackend.Tests.Identity;

public sealed class UpgradeIdentityTests
{
    private const string Own = "https://chat.example.com";

    private readonly IdentityFixture _fixture = new("https://app.example.org");

    [Fact]
    [Trait("failure", "C9")]
    public void Nobody_gets_in_without_a_credential() => _fixture.StatusOf().Should().Be(401);

    [Theory]
    [InlineData("?user_id=usr_ada")]
    [InlineData("?token={token}")]
    [InlineData("?access_token={token}")]
    [Trait("failure", "C9")]
    public void What_stands_in_the_url_is_not_a_credential(string query)
    {
        var context = _fixture.Request();
        context.Request.QueryString = new(query.Replace("{token}", _fixture.Token, StringComparison.Ordinal));

        _fixture.Decide(context).Should().BeOfType<Admission.Refused>().Which.Status.Should().Be(401);
    }

    [Theory]
    [InlineData("Bearer {token}", 101)]
    [InlineData("bearer {token}", 101)]
    [InlineData("Bearer   {token}  ", 101)]
    [InlineData("{token}", 401)]
    [InlineData("Bearer", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("", 401)]
    [InlineData("Bearer{token}", 401)]
    [InlineData("Basic {token}", 401)]
    [InlineData("Bearer a", 401)]
    [InlineData("Bearer ключ", 401)]
    [InlineData("Bearer {token}, Bearer {token}", 401)]
    [Trait("failure", "C1")]
    public void Authorization_is_a_bearer_token_or_a_refusal(string header, int status) =>
        _fixture.StatusOf(("Authorization", header)).Should().Be(status);

    [Theory]
    [InlineData("chat.v1, bearer.{token}", 101)]
    [InlineData("bearer.{token},chat.v1", 101)]
    [InlineData("  chat.v1  ,,  bearer.{token} ", 101)]
    [InlineData("other, chat.v1, bearer.{token}, chat.v2", 101)]
    [InlineData("chat.v1, bearer.", 401)]
    [InlineData("chat.v1, bearer.a", 401)]
    [InlineData("chat.v1, bearer.ключ", 401)]
    [InlineData("chat.v1, Bearer.{token}", 401)]
    [InlineData("chat.v1, {token}", 401)]
    [InlineData("chat.v1, jwt.{token}", 401)]
    [InlineData("chat.v1, bearer.{token}, bearer.other", 401)]
    [InlineData("jwt, {token}", 400)]
    [InlineData("bearer.{token}", 400)]
    [InlineData("Chat.v1, bearer.{token}", 400)]
    [InlineData("chat.v2", 400)]
    [InlineData("чат", 400)]
    [Trait("failure", "C1")]
    [Trait("failure", "C2")]
    [Trait("failure", "C3")]
    public void Sub_protocols_are_read_strictly_and_never_throw(string header, int status) =>
        _fixture.StatusOf(("Sec-WebSocket-Protocol", header)).Should().Be(status);

    [Fact]
    [Trait("failure", "C3")]
    public void Many_sub_protocols_in_many_headers_are_one_offer()
    {
        var many = Enumerable.Range(0, 500).Select(number => ("Sec-WebSocket-Protocol", $"p{number}, , q{number}"));

        _fixture.StatusOf([.. many, ("Sec-WebSocket-Protocol", "chat.v1"), ("Sec-WebSocket-Protocol", "bearer.{token}")]).Should().Be(101);
    }

    [Fact]
    [Trait("failure", "B10")]
    public void The_protocol_is_echoed_only_when_it_was_offered()
    {
        Accepted(("Authorization", "Bearer {token}")).SubProtocol.Should().BeNull();
        Accepted(("Authorization", "Bearer {token}"), ("Sec-WebSocket-Protocol", "")).SubProtocol.Should().BeNull();
        Accepted(("Sec-WebSocket-Protocol", "bearer.{token}, chat.v1")).SubProtocol.Should().Be("chat.v1");
    }

    [Fact]
    public void Accepted_is_who_the_token_says() =>
        Accepted(("Authorization", "Bearer {token}")).Session.User.Should().Be(IdentityFixture.Ada);

    [Fact]
    [Trait("failure", "C4")]
    public void One_token_may_come_by_both_ways_but_two_tokens_are_not_an_identity()
    {
        _fixture.StatusOf(("Authorization", "Bearer {token}"), ("Sec-WebSocket-Protocol", "chat.v1, bearer.{token}")).Should().Be(101);

        var (other, _) = _fixture.Tokens.Issue(IdentityFixture.Ada);
        _fixture.StatusOf(("Authorization", "Bearer {token}"), ("Sec-WebSocket-Protocol", $"chat.v1, bearer.{other}")).Should().Be(401);
        _fixture.StatusOf(("Authorization", "Bearer {token}"), ("Authorization", $"Bearer {other}")).Should().Be(401);
    }

    [Theory]
    [InlineData("Authorization", "Bearer wrong")]
    [InlineData("Authorization", "Basic wrong")]
    [InlineData("Authorization", "")]
    [InlineData("Sec-WebSocket-Protocol", "chat.v1, bearer.wrong")]
    [InlineData("Sec-WebSocket-Protocol", "chat.v1, bearer.")]
    public void An_explicit_credential_that_fails_is_not_rescued_by_the_cookie(string name, string value) =>
        _fixture.StatusOf(("Origin", Own), ("Cookie", "__Host-chat_session={token}"), (name, value)).Should().Be(401);

    [Fact]
    public void A_token_after_its_time_is_refused_by_every_way()
    {
        _fixture.Clock.Advance(TimeSpan.FromDays(31));

        _fixture.StatusOf(("Authorization", "Bearer {token}")).Should().Be(401);
        _fixture.StatusOf(("Sec-WebSocket-Protocol", "chat.v1, bearer.{token}")).Should().Be(401);
        _fixture.StatusOf(("Origin", Own), ("Cookie", "__Host-chat_session={token}")).Should().Be(401);
    }

    [Fact]
    [Trait("failure", "P14")]
    public void The_cookie_counts_only_for_pages_of_this_server()
    {
        _fixture.StatusOf(("Cookie", "__Host-chat_session={token}"), ("Origin", Own)).Should().Be(101);
        _fixture.StatusOf(("Cookie", "__Host-chat_session={token}")).Should().Be(403);
        _fixture.StatusOf(("Cookie", "__Host-chat_session={token}"), ("Origin", "https://app.example.org")).Should().Be(403);
        _fixture.StatusOf(("Cookie", "__Host-chat_session="), ("Origin", Own)).Should().Be(401);
        _fixture.StatusOf(("Cookie", "__Host-chat_session=wrong"), ("Origin", Own)).Should().Be(401);
    }

    [Fact]
    [Trait("failure", "Q13")]
    public void Two_different_cookies_are_not_an_identity_and_over_https_only_the_one_that_no_neighbour_can_set_counts()
    {
        var (other, _) = _fixture.Tokens.Issue(IdentityFixture.Ada);
        const string name = "__Host-chat_session";

        _fixture.StatusOf(("Origin", Own), ("Cookie", $"{name}={{token}}; {name}={other}")).Should().Be(401);
        _fixture.StatusOf(("Origin", Own), ("Cookie", $"{name}={{token}}"), ("Cookie", $"a=b; {name}={other}")).Should().Be(401);
        _fixture.StatusOf(("Origin", Own), ("Cookie", $"{name}={{token}};{name}=wrong")).Should().Be(401);
        _fixture.StatusOf(("Origin", Own), ("Cookie", $"{name}={{token}}; {name}={{token}}")).Should().Be(101);
        _fixture.StatusOf(("Origin", Own), ("Cookie", $"chat_session={other}; {name}={{token}}")).Should().Be(101);
        _fixture.StatusOf(("Origin", Own), ("Cookie", "chat_session={token}")).Should().Be(401);
        Reason(("Origin", Own), ("Cookie", $"{name}={{token}}; {name}={other}")).Should().Be("cookie_conflict");
    }

    [Theory]
    [InlineData(null, null, "no_token", "A token is needed: as bearer, as sub-protocol, or in the cookie.", 401)]
    [InlineData("Origin", "https://evil.example", "foreign_origin", "This origin may not connect. If it should, add it to Connections:AllowedOrigins.", 403)]
    [InlineData("Sec-WebSocket-Protocol", "chat.v2", "sub_protocol", "No supported sub-protocol was offered. Offer chat.v1.", 400)]
    [InlineData("Authorization", "Bearer wrong", "invalid_token", "The token is invalid or expired. Get a new one.", 401)]
    [InlineData("Cookie", "__Host-chat_session={token}", "foreign_cookie", "The session cookie counts only for pages of this server.", 403)]
    [InlineData("own Cookie", "__Host-chat_session=wrong", "invalid_token", "The session is invalid or expired. Get a new one.", 401)]
    [InlineData("own Cookie", "__Host-chat_session=a; __Host-chat_session=b", "cookie_conflict", "Two different session cookies were sent. Remove them and get a new session.", 401)]
    [InlineData("ticket", "wrong", "invalid_ticket", "The ticket is invalid or expired: it is valid for one connection within 30 seconds. Get a new one.", 401)]
    public void Each_refusal_has_its_own_reason_and_says_what_to_do(string? name, string? value, string reason, string problem, int status)
    {
        var context = _fixture.Request(name switch
        {
            null or "ticket" => [],
            "own Cookie" => [("Origin", Own), ("Cookie", value!)],
            _ => [(name, value!)],
        });
        context.Request.QueryString = new(name == "ticket" ? $"?ticket={value}" : "");

        _fixture.Decide(context).Should().Be(new Admission.Refused(status, reason, problem));
    }

    [Fact]
    public void A_refusal_does_not_repeat_what_was_refused()
    {
        var refused = (Admission.Refused)_fixture.Decide(("Authorization", "Bearer sEcReT"), ("Sec-WebSocket-Protocol", "chat.v1"));

        refused.Problem.Should().NotContain("sEcReT");
    }

    private string Reason(params (string, string)[] headers) => ((Admission.Refused)_fixture.Decide(headers)).Reason;

    private Admission.Accepted Accepted(params (string, string)[] headers) =>
        _fixture.Decide(headers).Should().BeOfType<Admission.Accepted>().Subject;
}
