using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Following;

/// <summary>What waits for a slow reader: text gathers, everything else stays as it is and where it is.</summary>
public sealed class OutboundQueueTests
{
    private static readonly ThreadId One = new("thr_1");
    private static readonly ThreadId Other = new("thr_2");

    private readonly OutboundQueue _frames = new();

    [Fact]
    [Trait("failure", "P8")]
    public void Text_of_one_part_gathers_also_around_frames_of_other_threads_and_of_none()
    {
        _frames.Add(Delta(One, "a", 0, "ab")).Should().BeFalse();
        _frames.Add(Event(Other, "other"));
        _frames.Add(new OutboundFrame(null, Encoding.UTF8.GetBytes("pong")));
        _frames.Add(Delta(One, "a", 2, "🌊")).Should().BeTrue();
        _frames.Add(Delta(Other, "b", 7, "x")).Should().BeFalse();
        _frames.Add(Delta(One, "a", 4, "c")).Should().BeTrue();

        Taken().Should().Equal("thr_1 a 0 ab🌊c", "other", "pong", "thr_2 b 7 x");
        _frames.Bytes.Should().Be(0);
    }

    [Fact]
    [Trait("failure", "D17")]
    public void Text_never_moves_past_another_frame_of_its_thread()
    {
        _frames.Add(Delta(One, "a", 0, "ab"));
        _frames.Add(Event(One, "event"));
        _frames.Add(Delta(One, "a", 2, "c"));
        _frames.Add(Delta(One, "b", 0, "d"));
        _frames.Add(Delta(One, "b", 5, "not next to it"));

        Taken().Should().Equal("thr_1 a 0 ab", "event", "thr_1 a 2 c", "thr_1 b 0 d", "thr_1 b 5 not next to it");
    }

    [Fact]
    public void What_was_taken_is_added_to_no_more()
    {
        _frames.Add(Delta(One, "a", 0, "ab"));
        _frames.TryTake(out _).Should().BeTrue();

        _frames.Add(Delta(One, "a", 2, "c")).Should().BeFalse();

        Taken().Should().Equal("thr_1 a 2 c");
    }

    [Fact]
    [Trait("failure", "D35")]
    public void A_delta_does_not_grow_without_end_and_what_is_held_is_counted()
    {
        var piece = new string('x', 1000);
        for (var i = 0; i < 100; i++)
        {
            _frames.Add(Delta(One, "a", i * 1000, piece));
            _frames.Bytes.Should().BeGreaterThanOrEqualTo((i + 1) * 1000 * sizeof(char));
        }

        _frames.Bytes.Should().BeLessThan(3 * 100 * 1000 * sizeof(char));
        var taken = Taken();
        taken.Should().HaveCount(13);
        _frames.Bytes.Should().Be(0);
    }

    [Theory]
    [Trait("failure", "D35")]
    [InlineData(OutboundFrame.MaxText - 2, 2, 1)]
    [InlineData(OutboundFrame.MaxText - 2, 3, 2)]
    public void Text_gathers_up_to_the_longest_delta(int first, int second, int frames)
    {
        _frames.Add(Delta(One, "a", 0, new string('x', first))).Should().BeFalse();
        _frames.Add(Delta(One, "a", first, new string('y', second))).Should().Be(frames == 1);

        _frames.Count.Should().Be(frames);
        Taken().Should().HaveCount(frames);
        (_frames.Count, _frames.Bytes).Should().Be((0, 0));
    }

    [Fact]
    [Trait("failure", "D35")]
    public void What_waits_is_counted_with_the_room_that_it_takes()
    {
        var pong = new OutboundFrame(null, new byte[10]);
        _frames.Add(pong).Should().BeFalse();
        _frames.Bytes.Should().Be(10);
        _frames.Add(Event(One, "event")).Should().BeFalse();
        _frames.Bytes.Should().Be(15);
        var delta = Delta(One, "a", 0, "abc");
        _frames.Add(delta).Should().BeFalse();
        _frames.Bytes.Should().Be(15 + delta.Json.Length + 6);
        _frames.Add(Delta(One, "a", 3, "d")).Should().BeTrue();
        _frames.Bytes.Should().BeInRange(15 + 8, 15 + 100, "of what gathers no bytes of a frame are kept");

        _frames.TryTake(out var first).Should().BeTrue();
        first.Should().Be(pong);
        _frames.TryTake(out _).Should().BeTrue();
        _frames.TryTake(out var gathered).Should().BeTrue();
        (gathered.Json.Length, gathered.Thread, gathered.Delta!.Offset, gathered.Delta.Text).Should().Be((0, One, 0, "abcd"));
        _frames.TryTake(out var none).Should().BeFalse();
        (none, _frames.Bytes).Should().Be((default(OutboundFrame), 0));
    }

    [Fact]
    public void Text_that_was_taken_alone_keeps_its_bytes()
    {
        var delta = Delta(One, "a", 0, "abc");
        _frames.Add(delta);

        _frames.TryTake(out var taken).Should().BeTrue();

        taken.Should().Be(delta);
    }

    [Fact]
    [Trait("failure", "D17")]
    public void Text_that_does_not_follow_on_is_kept_apart_whether_it_is_before_or_after()
    {
        _frames.Add(Delta(One, "a", 5, "ab"));
        _frames.Add(Delta(One, "a", 3, "back")).Should().BeFalse();
        _frames.Add(Delta(One, "a", 7, "!")).Should().BeTrue("it goes on where the last one ends");
        _frames.Add(Delta(One, "a", 9, "ahead")).Should().BeFalse();
        _frames.TryTake(out _).Should().BeTrue();
        _frames.Add(Delta(One, "a", 14, ".")).Should().BeTrue("another than the one that was taken gathers");

        Taken().Should().Equal("thr_1 a 3 back!", "thr_1 a 9 ahead.");
    }

    /// <summary>Frames of three threads in any order and taken at any time: each thread's are in order and whole.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("failure", "D17")]
    [Trait("failure", "P12")]
    public void Whenever_they_are_taken_each_thread_has_its_events_in_place_and_all_its_text(int seed)
    {
        var dice = new Random(seed);
        var (sent, got) = (new Dictionary<ThreadId, string>(), new Dictionary<ThreadId, string>());
        var positions = new Dictionary<ThreadId, (int Part, int Length)>();
        var frames = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var thread = new ThreadId($"thr_{dice.Next(3)}");
            var (part, length) = positions.GetValueOrDefault(thread);
            if (dice.Next(10) == 0)
            {
                _frames.Add(Event(thread, $"[{thread} event {i}]"));
                sent[thread] = sent.GetValueOrDefault(thread, "") + $"[{thread} event {i}]";
                positions[thread] = dice.Next(2) == 0 ? (part + 1, 0) : (part, length); // not every event ends a part
            }
            else
            {
                var text = dice.Next(5) == 0 ? "🌊" : $"{i} ";
                _frames.Add(Delta(thread, $"p{part}", length, text));
                sent[thread] = sent.GetValueOrDefault(thread, "") + text;
                positions[thread] = (part, length + text.Length);
            }

            for (var taking = dice.Next(8) == 0 ? dice.Next(6) : 0; taking > 0 && _frames.TryTake(out var frame); taking--)
            {
                Take(frame);
            }
        }

        while (_frames.TryTake(out var frame))
        {
            Take(frame);
        }

        got.Should().BeEquivalentTo(sent);
        frames.Should().BeLessThan(15_000);

        void Take(OutboundFrame frame)
        {
            frames++;
            var thread = frame.Thread!.Value;
            var text = frame.Delta is null
                ? Encoding.UTF8.GetString(frame.Json.Span)
                : ((PartDelta)WireJson.DecodeServerFrame(frame.Encoded().Span)).Text;
            got[thread] = got.GetValueOrDefault(thread, "") + text;
        }
    }

    private List<string> Taken()
    {
        var taken = new List<string>();
        while (_frames.TryTake(out var frame))
        {
            taken.Add(frame.Delta is null
                ? Encoding.UTF8.GetString(frame.Json.Span)
                : WireJson.DecodeServerFrame(frame.Encoded().Span) is PartDelta delta ? $"{delta.ThreadId} {delta.PartId} {delta.Offset} {delta.Text}" : "?");
        }

        return taken;
    }

    private static OutboundFrame Event(ThreadId thread, string json) => new(thread, Encoding.UTF8.GetBytes(json));

    private static OutboundFrame Delta(ThreadId thread, string part, int offset, string text) =>
        OutboundFrame.Of(thread, new PartText(new RunId("run_1"), new PartId(part), PartKind.Text, offset, text));
}
