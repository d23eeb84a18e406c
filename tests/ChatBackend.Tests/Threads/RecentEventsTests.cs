using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;

namespace ChatBackend.Tests.Threads;

/// <summary>How much of a thread's end is in memory.</summary>
public sealed class RecentEventsTests
{
    private readonly RecentEvents _recent = new();

    [Fact]
    public void The_last_64_events_are_kept()
    {
        _recent.Covers(0).Should().BeFalse("nothing is here");
        Add(from: 1, to: 64);
        _recent.Covers(0).Should().BeTrue();

        Add(from: 65, to: 65);

        _recent.Covers(0).Should().BeFalse();
        _recent.Covers(1).Should().BeTrue();
        _recent.After(1).Should().HaveCount(64);
        _recent.After(64).Should().ContainSingle().Which.Seq.Should().Be(65);
        _recent.After(65).Should().BeEmpty();
        _recent.Find(1).Should().BeNull();
        _recent.Find(2)!.Value.Seq.Should().Be(2);
    }

    [Fact]
    public void Of_large_events_64_KiB_are_kept_and_one_in_any_case()
    {
        Add(from: 1, to: 4, bytes: 16 * 1024);
        _recent.After(0).Should().HaveCount(4);
        Add(from: 5, to: 5, bytes: 1);
        _recent.After(0).Select(threadEvent => threadEvent.Seq).Should().Equal(2, 3, 4, 5);
        Add(from: 6, to: 6, bytes: 1024 * 1024);
        _recent.After(0).Select(threadEvent => threadEvent.Seq).Should().Equal(6);
        Add(from: 7, to: 8, bytes: 1);
        _recent.After(0).Select(threadEvent => threadEvent.Seq).Should().Equal(7, 8);
    }

    [Fact]
    public void After_it_is_cleared_it_holds_nothing_and_keeps_as_much_as_before()
    {
        Add(from: 1, to: 4, bytes: 16 * 1024);
        _recent.Clear();
        _recent.After(0).Should().BeEmpty();

        Add(from: 9, to: 12, bytes: 16 * 1024);

        _recent.Covers(8).Should().BeTrue();
    }

    [Fact]
    public void However_many_went_through_what_is_here_has_no_gap_and_each_is_found_by_its_place()
    {
        var random = new Random(5);
        for (long seq = 1; seq < 2000; seq++)
        {
            seq += random.Next(100) == 0 ? 1 : 0; // one that did not come here
            Add(seq, seq, random.Next(3000));
            var here = _recent.After(0).Select(threadEvent => threadEvent.Seq).ToList();
            here.Should().Equal(Enumerable.Range(0, here.Count).Select(place => here[0] + place));
            var asked = seq - random.Next(80);
            _recent.After(asked).Select(threadEvent => threadEvent.Seq).Should().Equal(here.Where(at => at > asked));
            _recent.Find(asked)?.Seq.Should().Be(asked);
            (_recent.Find(asked) is null).Should().Be(!here.Contains(asked));
        }
    }

    private void Add(long from, long to, int bytes = 1)
    {
        for (var seq = from; seq <= to; seq++)
        {
            _recent.Add(new EncodedEvent(seq, new byte[bytes], EndsPart: false));
        }
    }
}
