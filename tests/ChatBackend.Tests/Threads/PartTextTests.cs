using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Publishing;

namespace ChatBackend.Tests.Threads;

/// <summary>Text in flight: where it begins, where it is cut, and how it goes over the wire.</summary>
public sealed class PartTextTests
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly RunId Run = new("run_1");
    private static readonly PartId Part = new("part_1");

    [Theory]
    [InlineData(0, int.MaxValue, 0, "a😀b")]
    [InlineData(1, int.MaxValue, 1, "😀b")]
    [InlineData(2, int.MaxValue, 1, "😀b")]
    [InlineData(3, int.MaxValue, 3, "b")]
    [InlineData(4, int.MaxValue, 4, "")]
    [InlineData(9, int.MaxValue, 4, "")]
    [InlineData(-1, int.MaxValue, 0, "a😀b")]
    [InlineData(0, 2, 0, "a")]
    [InlineData(0, 3, 0, "a😀")]
    [InlineData(1, 2, 1, "😀")]
    [InlineData(2, 2, 1, "😀")]
    [InlineData(3, 2, 3, "b")]
    public void It_is_given_from_a_position_on_and_never_from_inside_a_pair(int position, int most, int offset, string text)
    {
        var part = new StreamingPart(Run, Part, PartKind.Thinking);
        part.Append("a😀").Should().Be(new PartText(Run, Part, PartKind.Thinking, 0, "a😀"));
        part.Append("b").Should().Be(new PartText(Run, Part, PartKind.Thinking, 3, "b"));

        part.From(position, most).Should().Be(new PartText(Run, Part, PartKind.Thinking, offset, text));
        part.From(position).Offset.Should().Be(offset);
        (part.Length, part.Run, part.Part, part.Kind).Should().Be((4, Run, Part, PartKind.Thinking));
    }

    [Fact]
    public void It_goes_on_from_what_a_snapshot_has()
    {
        var part = new StreamingPart(new PartText(Run, Part, PartKind.Text, 0, "abc"));

        part.Append("d").Should().Be(new PartText(Run, Part, PartKind.Text, 3, "d"));
        part.From(0).Text.Should().Be("abcd");
    }

    [Theory]
    [InlineData(PartKind.Text, "agent_delta")]
    [InlineData(PartKind.Thinking, "agent_thinking")]
    public void On_the_wire_it_says_what_it_is(PartKind kind, string type)
    {
        var json = $$"""{"type":"{{type}}","thread_id":"thr_1","run_id":"run_1","part_id":"part_1","offset":3,"text":"x"}""";
        var text = new PartText(Run, Part, kind, 3, "x");

        var frame = OutboundFrame.Of(Thread, text);

        (frame.Thread, frame.Delta).Should().Be((Thread, text));
        Encoding.UTF8.GetString(frame.Encoded().Span).Should().Be(json);
        Encoding.UTF8.GetString(new OutboundFrame(Thread, default, text).Encoded().Span).Should().Be(json, "what gathered is encoded when it is sent");
        Encoding.UTF8.GetString(new OutboundFrame(Thread, "bytes"u8.ToArray(), text).Encoded().Span).Should().Be("bytes");
    }
}
