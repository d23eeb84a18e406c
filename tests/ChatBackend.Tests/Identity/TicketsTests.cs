using ChatBackend.Identity;
using Microsoft.AspNetCore.DataProtection;

namespace ChatBackend.Tests.Identity;

public sealed class TicketsTests
{
    private readonly IdentityFixture _fixture = new();
    private readonly Session _session;

    public TicketsTests() => _session = new Session(IdentityFixture.Ada, _fixture.Clock.GetUtcNow().AddDays(1));

    [Fact]
    public void A_ticket_is_its_session_once()
    {
        var (ticket, expiresAt) = _fixture.Tickets.Issue(_session);

        expiresAt.Should().Be(_fixture.Clock.GetUtcNow().AddSeconds(30));
        _fixture.Tickets.Redeem(ticket).Should().Be(_session);
        _fixture.Tickets.Redeem(ticket).Should().BeNull();
        _fixture.Tickets.Redeem(_fixture.Tickets.Issue(_session).Ticket).Should().Be(_session, "the next one is another");
    }

    [Fact]
    public void A_ticket_that_was_used_stays_used_while_others_come_and_go()
    {
        var (ticket, _) = _fixture.Tickets.Issue(_session);
        _fixture.Tickets.Redeem(ticket).Should().NotBeNull();

        for (var second = 0; second < 200; second++)
        {
            _fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            _fixture.Tickets.Redeem(_fixture.Tickets.Issue(_session).Ticket).Should().NotBeNull();
            _fixture.Tickets.Redeem(ticket).Should().BeNull();
        }
    }

    [Fact]
    public void A_ticket_ends_at_its_time()
    {
        var ((early, _), (late, _)) = (_fixture.Tickets.Issue(_session), _fixture.Tickets.Issue(_session));

        _fixture.Clock.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(1));
        _fixture.Tickets.Redeem(early).Should().NotBeNull();

        _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));
        _fixture.Tickets.Redeem(late).Should().BeNull();
    }

    [Fact]
    public void A_ticket_does_not_outlive_its_session()
    {
        var (ticket, _) = _fixture.Tickets.Issue(_session with { ExpiresAt = _fixture.Clock.GetUtcNow().AddSeconds(10) });

        _fixture.Clock.Advance(TimeSpan.FromSeconds(10));

        _fixture.Tickets.Redeem(ticket).Should().BeNull();
    }

    [Fact]
    public void A_ticket_counts_only_in_the_process_that_made_it()
    {
        var keys = new EphemeralDataProtectionProvider();
        var (ticket, _) = new Tickets(keys, _fixture.Clock).Issue(_session);

        new Tickets(keys, _fixture.Clock).Redeem(ticket).Should().BeNull();
    }

    [Fact]
    public void What_is_not_a_ticket_is_refused()
    {
        _fixture.Tickets.Redeem("").Should().BeNull();
        _fixture.Tickets.Redeem("a").Should().BeNull();
        _fixture.Tickets.Redeem("ключ").Should().BeNull();
        _fixture.Tickets.Redeem(_fixture.Token).Should().BeNull();
        _fixture.Tickets.Redeem(new string('A', 1_000_000)).Should().BeNull();
        _fixture.Tickets.Redeem(_fixture.Tickets.Issue(_session).Ticket[..^1]).Should().BeNull();
        _fixture.Tickets.Redeem(_fixture.Tickets.Issue(_session with { User = new(new string('a', 1000)) }).Ticket).Should().BeNull("it is too long to be opened");
    }

    [Fact]
    public void It_opens_a_connection_in_place_of_a_token_and_not_beside_one()
    {
        var accepted = Decide($"?ticket={Ticket()}", ("Sec-WebSocket-Protocol", "chat.v1")).Should().BeOfType<Admission.Accepted>().Subject;
        (accepted.Session, accepted.SubProtocol).Should().Be((_session, "chat.v1"));

        StatusOf($"?ticket={Ticket()}", ("Authorization", "Bearer {token}")).Should().Be(401);
        StatusOf($"?ticket={Ticket()}", ("Sec-WebSocket-Protocol", "chat.v1, bearer.{token}")).Should().Be(401);
        StatusOf($"?ticket={Ticket()}&ticket={Ticket()}").Should().Be(401);
        StatusOf("?ticket=").Should().Be(401);
        StatusOf("?ticket=wrong").Should().Be(401);
        StatusOf($"?ticket={Ticket()}", ("Origin", "https://evil.example")).Should().Be(403);
    }

    private string Ticket() => _fixture.Tickets.Issue(_session).Ticket;

    private int StatusOf(string query, params (string, string)[] headers) => ((Admission.Refused)Decide(query, headers)).Status;

    private Admission Decide(string query, params (string, string)[] headers)
    {
        var context = _fixture.Request(headers);
        context.Request.QueryString = new(query);
        return _fixture.Decide(context);
    }
}
