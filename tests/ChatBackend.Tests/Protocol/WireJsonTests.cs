using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Protocol;

public sealed class WireJsonTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 13, 0, 0, TimeSpan.FromHours(1));

    [Fact]
    public void Times_are_UTC_with_milliseconds_and_absent_members_are_left_out()
    {
        var json = Encode(new Pong { ServerTime = Noon.AddTicks(1_234_567) });

        json.GetProperty("type").GetString().Should().Be("pong");
        json.GetProperty("server_time").GetString().Should().Be("2026-11-23T12:00:00.123Z");
        json.EnumerateObject().Select(member => member.Name).Should().Equal("type", "server_time");
    }

    [Fact]
    public void Text_stays_readable_and_is_not_escaped_for_HTML()
    {
        var delta = new AgentDelta { ThreadId = new("thr_1"), RunId = new("run_1"), PartId = new("part_1"), Offset = 0, Text = "Grüße, 世界 👩‍👩‍👧‍👦 <b>&'" };

        Encoding.UTF8.GetString(WireJson.Encode(delta)).Should().Contain("\"Grüße, 世界").And.Contain("<b>&'");
        Encode(delta).GetProperty("text").GetString().Should().Be(delta.Text);
    }

    [Theory]
    [Trait("failure", "D22")]
    [InlineData("a")]
    [InlineData("é")]
    [InlineData("世")]
    [InlineData("👋")]
    [InlineData("\"\\\u0000\n")]
    public void Text_of_100_KB_comes_back_as_it_was(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 100 * 1024));
        var part = new AgentPart
        {
            ThreadId = new("thr_1"), Seq = 1, At = Noon, RunId = new("run_1"), PartId = new("part_1"), Kind = PartKind.Text, Text = text,
        };

        ((AgentPart)WireJson.DecodeServerFrame(WireJson.Encode(part))).Text.Should().Be(text);
    }

    [Theory]
    [InlineData("""{"type":"nothing_we_know"}""")]
    [InlineData("""{"type":"ping"}""")]
    [InlineData("""{"type":"pong"}""")]
    [InlineData("""{"type":"pong","server_time":"yesterday"}""")]
    [InlineData("null")]
    [InlineData("")]
    public void What_is_not_a_server_frame_is_refused(string json) =>
        FluentActions.Invoking(() => WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(json))).Should().Throw<JsonException>();

    [Fact]
    public void An_event_without_its_place_is_refused()
    {
        const string Whole = """{"type":"thread_renamed","thread_id":"thr_1","seq":1,"at":"2026-11-23T12:00:00.000Z","title":"t","by":"user"}""";
        WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(Whole)).Should().BeOfType<ThreadRenamed>();

        foreach (var member in new[] { "\"thread_id\":\"thr_1\",", "\"seq\":1,", "\"at\":\"2026-11-23T12:00:00.000Z\"," })
        {
            FluentActions.Invoking(() => WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(Whole.Replace(member, "", StringComparison.Ordinal))))
                .Should().Throw<JsonException>(member);
        }
    }

    [Fact]
    [Trait("failure", "D7")]
    public void New_ids_say_what_they_are_and_none_comes_twice()
    {
        var ids = Enumerable.Range(0, 1_000).SelectMany(_ => new[]
        {
            ConnectionId.New().Value, ThreadId.New().Value, RunId.New().Value, MessageId.New().Value,
            CallId.New().Value, PartId.New().Value, UserId.New().Value, ClientFrameId.New().Value,
        }).ToList();

        ids.Should().OnlyHaveUniqueItems();
        ids.Take(8).Select(id => id.Split('_')[0]).Should().Equal("con", "thr", "run", "msg", "call", "part", "usr", "c");
        ClientFrameId.IsWellFormed(ids[7]).Should().BeTrue();
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("A-z_09", true)]
    [InlineData("", false)]
    [InlineData("a.b", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234", true)]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345", false)]
    public void A_clients_id_is_1_to_64_plain_characters(string id, bool isWellFormed) =>
        ClientFrameId.IsWellFormed(id).Should().Be(isWellFormed);

    private static JsonElement Encode(ServerFrame frame) => JsonDocument.Parse(WireJson.Encode(frame)).RootElement;
}
