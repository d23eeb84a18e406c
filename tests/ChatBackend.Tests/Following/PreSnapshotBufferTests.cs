using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Following;

/// <summary>How much is kept of what a thread publishes before its snapshot is here.</summary>
public sealed class PreSnapshotBufferTests
{
    private const int Most = 1024 * 1024;

    private readonly PreSnapshotBuffer _early = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Up_to_a_mebibyte_is_kept_and_more_is_left_to_the_next_snapshot(bool isText)
    {
        _early.Add([Item(isText, Most / 2), Item(isText, (Most / 2) - 2)]);
        _early.Add([Item(isText, 2)]);
        _early.TryTake(out var all).Should().BeTrue();
        all.Should().HaveCount(3);

        _early.Add([Item(isText, Most)]);
        _early.Add([Item(isText, 2)]);
        _early.Add([Item(isText, 2)]);
        _early.TryTake(out var rest).Should().BeFalse();
        rest.Should().BeEmpty("what comes after a hole is of no use");

        _early.Add([Item(isText, 2)]);
        _early.TryTake(out var next).Should().BeTrue("it begins again");
        next.Should().ContainSingle();
        _early.TryTake(out var none).Should().BeTrue();
        none.Should().BeEmpty();
    }

    private static PublishedItem Item(bool isText, int bytes) => isText
        ? new PublishedItem(default, new PartText(new RunId("run_1"), new PartId("part_1"), PartKind.Text, 0, new string('x', bytes / sizeof(char))), 1)
        : new PublishedItem(new EncodedEvent(1, new byte[bytes], false), null, 0);
}
