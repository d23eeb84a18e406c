using ChatBackend.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>An outage of the store is one line at its start and one at its end.</summary>
[Trait("failure", "Q25")]
public sealed class StoreAvailabilityTests
{
    private static readonly LogUnavailableException Full = new("The event log's disk is full.");

    private readonly FakeTimeProvider _clock = new();
    private readonly LogLines _lines = new("Store");
    private readonly StoreAvailability _store;

    public StoreAvailabilityTests() => _store = new StoreAvailability("writing", _lines.CreateLogger("Store"), _clock);

    [Fact]
    public void An_outage_is_a_line_with_its_reason_and_a_line_with_its_length_and_how_many_were_refused()
    {
        for (var i = 0; i < 300; i++)
        {
            _store.Fails(Full, refused: 2);
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        _store.IsAvailable.Should().BeFalse();
        _store.Works();

        _store.IsAvailable.Should().BeTrue();
        _lines.All.Should().SatisfyRespectively(
            line => line.Should().StartWith("Warning").And.Contain("disk is full").And.NotContain("   at "),
            line => line.Should().StartWith("Information").And.Contain("after 30").And.Contain("600 calls"));
    }

    [Fact]
    public void A_full_store_that_takes_the_small_and_refuses_the_rest_is_one_outage()
    {
        for (var i = 0; i < 20; i++)
        {
            _store.Fails(Full, isPartial: true);
            _clock.Advance(TimeSpan.FromSeconds(1));
            _store.Works();
        }

        _lines.All.Should().ContainSingle();
        _clock.Advance(TimeSpan.FromSeconds(5));
        _store.Settle();

        _lines.All.Should().HaveCount(2);
        _lines.All.Last().Should().Contain("20 calls");
    }

    [Fact]
    public void Quiet_alone_ends_no_outage()
    {
        _store.Fails(Full, isPartial: true);
        _clock.Advance(TimeSpan.FromMinutes(1));
        _store.Settle();

        _store.IsAvailable.Should().BeFalse();
    }

    [Fact]
    public void A_refusal_after_a_success_begins_the_quiet_again()
    {
        _store.Fails(Full, isPartial: true);
        _store.Works();
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        _store.Settle();
        _store.IsAvailable.Should().BeFalse();
        _store.Fails(Full, isPartial: true);
        _clock.Advance(TimeSpan.FromSeconds(10));
        _store.Settle();
        _store.IsAvailable.Should().BeFalse("nothing has succeeded since");

        _store.Works();

        _store.IsAvailable.Should().BeTrue();
        _lines.All.Last().Should().Contain("after 14.9 s").And.Contain("2 calls");
    }

    [Fact]
    public void A_store_that_works_or_is_quiet_is_nothing_to_tell()
    {
        _store.Works();
        _store.Settle();

        (_store.Use, _store.IsAvailable).Should().Be(("writing", true));
        _lines.All.Should().BeEmpty();
    }

    [Fact]
    public void Each_outage_counts_its_own_refusals()
    {
        _store.Fails(Full, refused: 5);
        _store.Works();
        _store.Fails(Full, refused: 2);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _store.Works();

        _lines.All.Should().HaveCount(4).And.Subject.Last().Should().Contain("after 1.0 s").And.Contain("2 calls");
    }

    [Fact]
    public void What_fails_after_a_commit_is_an_error_and_no_outage()
    {
        _store.CleanUpFails(new InvalidOperationException("broken"));

        _store.IsAvailable.Should().BeTrue();
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Error: Work after a commit failed").And.EndWith("broken");
    }
}
