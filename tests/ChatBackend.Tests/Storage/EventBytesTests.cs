using System.Buffers.Binary;
using System.Text;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What was stored is read as it was, compressed or not; what is damaged is never taken for something else.</summary>
[Trait("failure", "Q24")]
public sealed class EventBytesTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(100_000)]
    public void Json_of_any_length_is_read_as_it_was(int length)
    {
        var json = Json(length);

        EventBytes.Decompress(EventBytes.Compress(json).Span).Should().Equal(json);
    }

    [Fact]
    public void Long_json_takes_less_room_and_short_json_stays_what_SQL_can_read()
    {
        EventBytes.IsCompressed(EventBytes.Compress(Json(100)).Span).Should().BeFalse();
        var stored = EventBytes.Compress(Json(100_000));
        (EventBytes.IsCompressed(stored.Span), stored.Length).Should().Match<(bool Is, int Length)>(compressed => compressed.Is && compressed.Length < 50_000);
    }

    [Theory]
    [InlineData(511, false)]
    [InlineData(512, true)]
    public void Json_is_compressed_from_a_length_on(int length, bool isCompressed)
    {
        var json = Enumerable.Repeat((byte)'a', length).ToArray();

        var stored = EventBytes.Compress(json);

        EventBytes.IsCompressed(stored.Span).Should().Be(isCompressed);
        stored.Length.Should().Match(bytes => isCompressed ? bytes < 50 : bytes == length);
    }

    [Theory]
    [InlineData(new byte[] { 1, 4, 0, 0, 0 }, false)]
    [InlineData(new byte[] { 1, 4, 0, 0, 0, 0 }, true)]
    [InlineData(new byte[] { 2, 4, 0, 0, 0, 0 }, false)]
    [InlineData(new byte[] { }, false)]
    public void What_is_compressed_begins_with_its_mark_and_its_length(byte[] stored, bool isCompressed) =>
        EventBytes.IsCompressed(stored).Should().Be(isCompressed);

    [Fact]
    public void What_would_not_become_shorter_is_stored_as_it_is()
    {
        var noise = LogWriter.Incompressible(10_000);
        noise[0] = (byte)'{';

        EventBytes.Compress(noise).ToArray().Should().Equal(noise);
        EventBytes.Decompress(noise).Should().Equal(noise);
    }

    [Fact]
    public void What_is_cut_off_anywhere_is_returned_as_it_is()
    {
        var stored = EventBytes.Compress(Json(1000)).ToArray();
        for (var length = 0; length < stored.Length; length++)
        {
            EventBytes.Decompress(stored.AsSpan(0, length)).Should().Equal(stored[..length]);
        }
    }

    [Theory]
    [InlineData(999)]
    [InlineData(1001)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_length_that_is_not_that_of_the_json_is_damage(int length)
    {
        var stored = EventBytes.Compress(Json(1000)).ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(stored.AsSpan(1), length);

        EventBytes.Decompress(stored).Should().Equal(stored);
    }

    private static byte[] Json(int length) => Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, length))}".AsSpan(0, length).ToString());
}
