using System.Text;
using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

/// <summary>Frames of a server that is newer than this client.</summary>
public sealed class ServerFrameReaderTests
{
    [Theory]
    [InlineData("""{"type":"painted","thread_id":"thr_1","seq":7,"at":"2026-11-23T09:30:00Z"}""", "2026-11-23T09:30:00Z")]
    [InlineData("""{"type":"painted","thread_id":"thr_1","seq":7,"at":"half past nine"}""", null)]
    [InlineData("""{"type":"painted","thread_id":"thr_1","seq":7,"at":930}""", null)]
    [InlineData("""{"type":"painted","thread_id":"thr_1","seq":7}""", null)]
    public void An_unknown_event_keeps_its_place_and_its_time(string json, string? at)
    {
        var unknown = Read(json).Should().BeOfType<UnknownEvent>().Subject;

        (unknown.Type, unknown.ThreadId.Value, unknown.Seq, unknown.At).Should().Be(("painted", "thr_1", 7, at is null ? default : DateTimeOffset.Parse(at, null)));
        unknown.Json.GetRawText().Should().Be(json);
    }

    [Theory]
    [InlineData("""{"type":"party","confetti":7}""")]
    [InlineData("""{"type":"party","seq":7}""")]
    [InlineData("""{"type":"party","thread_id":"thr_1"}""")]
    [InlineData("""{"type":"party","thread_id":1,"seq":7}""")]
    [InlineData("""{"type":"party","thread_id":"thr_1","seq":"7"}""")]
    [InlineData("""{"type":"party","thread_id":"thr_1","seq":7.5}""")]
    public void Anything_else_that_has_a_type_is_a_frame_from_which_nothing_follows(string json)
    {
        var unknown = Read(json).Should().BeOfType<UnknownFrame>().Subject;

        (unknown.Type, unknown.Json.GetRawText()).Should().Be(("party", json));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"type":"party","thread_id":"\ud800","seq":7}""")]
    public void What_has_no_type_is_not_a_frame(string json) =>
        FluentActions.Invoking(() => Read(json)).Should().Throw<JsonException>().WithMessage("The server sent a message that is not a frame.").WithInnerException<JsonException>();

    [Fact]
    public void What_is_not_JSON_is_not_a_frame() => FluentActions.Invoking(() => Read("{")).Should().Throw<JsonException>();

    private static ServerFrame Read(string json) => ServerFrameReader.Read(Encoding.UTF8.GetBytes(json));
}
