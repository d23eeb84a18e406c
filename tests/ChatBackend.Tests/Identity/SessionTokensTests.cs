using ChatBackend.Identity;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Identity;

public sealed class SessionTokensTests
{
    private readonly IdentityFixture _fixture = new();

    [Fact]
    public void A_token_says_whose_it_is_and_until_when()
    {
        var (token, issued) = _fixture.Tokens.Issue(IdentityFixture.Ada);

        _fixture.Tokens.Read(token).Should().Be(issued);
        issued.User.Should().Be(IdentityFixture.Ada);
        issued.ExpiresAt.Should().Be(_fixture.Clock.GetUtcNow().AddDays(30));
    }

    [Fact]
    [Trait("failure", "C14")]
    public void A_token_ends_at_its_time_by_the_servers_clock()
    {
        _fixture.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMilliseconds(1));
        _fixture.Tokens.Read(_fixture.Token).Should().NotBeNull();

        _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));
        _fixture.Tokens.Read(_fixture.Token).Should().BeNull();
    }

    [Fact]
    [Trait("failure", "C1")]
    public void A_token_may_stand_in_a_sub_protocol() => _fixture.Token.Should().MatchRegex("^[A-Za-z0-9_-]+$");

    [Fact]
    public void A_token_with_any_character_changed_is_not_a_token()
    {
        for (var position = 0; position < _fixture.Token.Length; position++)
        {
            var flipped = _fixture.Token.ToCharArray();
            flipped[position] = flipped[position] == 'A' ? 'B' : 'A';
            _fixture.Tokens.Read(new string(flipped)).Should().BeNull($"position {position} was changed");
        }
    }

    [Fact]
    public void A_token_that_was_cut_anywhere_is_not_a_token()
    {
        for (var length = 0; length < _fixture.Token.Length; length++)
        {
            _fixture.Tokens.Read(_fixture.Token[..length]).Should().BeNull($"only {length} characters are left");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a")]
    [InlineData("null")]
    [InlineData("usr_ada")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfYWRhIn0.")]
    [InlineData("ключ-🔑")]
    [InlineData("AAAA\0AAAA")]
    [InlineData("AAAA AAAA")]
    [InlineData("AAAA====")]
    public void Garbage_is_not_a_token(string garbage) => _fixture.Tokens.Read(garbage).Should().BeNull();

    [Fact]
    public void Padding_around_a_token_makes_it_no_token()
    {
        _fixture.Tokens.Read(_fixture.Token + "=").Should().BeNull();
        _fixture.Tokens.Read(" " + _fixture.Token).Should().BeNull();
        _fixture.Tokens.Read(_fixture.Token + "\n").Should().BeNull();
    }

    [Fact]
    public void A_huge_token_is_not_a_token() => _fixture.Tokens.Read(new string('A', 10_000_000)).Should().BeNull();

    [Fact]
    public void A_token_that_is_far_longer_than_ours_is_not_even_opened()
    {
        var (token, _) = _fixture.Tokens.Issue(IdentityFixture.Ada with { Value = new string('a', 1000) });

        _fixture.Tokens.Read(token).Should().BeNull();
    }

    [Fact]
    [Trait("failure", "C7")]
    public void A_token_of_another_server_is_not_a_token()
    {
        var other = new SessionTokens(new EphemeralDataProtectionProvider(), _fixture.Clock, Options.Create(new GuestOptions()));

        other.Read(_fixture.Token).Should().BeNull();
    }
}
