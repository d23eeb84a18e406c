using System.Text;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Protocol;

/// <summary>What a client may get wrong, one row each: which error answers it, and whether its id is repeated.</summary>
public sealed class ClientFrameReaderTests
{
    private const ErrorCode NotJson = ErrorCode.InvalidJson;
    private const ErrorCode NoFrame = ErrorCode.InvalidFrame;

    [Theory]
    [Trait("failure", "A14")]
    [Trait("failure", "E13")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("hello")]
    [InlineData("{")]
    [InlineData("{\"type\":\"ping\"")]
    [InlineData("{\"type\":\"ping\",}")]
    [InlineData("{\"type\":\"ping\"}{\"type\":\"ping\"}")]
    [InlineData("{'type':'ping'}")]
    [InlineData("{type:\"ping\"}")]
    [InlineData("// ping\n{\"type\":\"ping\"}")]
    [InlineData("{\"type\":\"ping\",\"id\":\"a\",\"n\":NaN}")]
    public void What_is_not_JSON_is_answered_with_invalid_json(string text) =>
        Refused(text).Should().BeEquivalentTo(new { Code = NotJson, Id = (ClientFrameId?)null });

    [Theory]
    [Trait("failure", "A14")]
    [InlineData("null", null)]
    [InlineData("true", null)]
    [InlineData("17", null)]
    [InlineData("\"ping\"", null)]
    [InlineData("[]", null)]
    [InlineData("""[{"type":"ping","id":"a"}]""", null)]
    [InlineData("{}", null)]
    [InlineData("""{"id":"a"}""", "a")]
    [InlineData("""{"type":null,"id":"a"}""", "a")]
    [InlineData("""{"type":7,"id":"a"}""", "a")]
    [InlineData("""{"type":"","id":"a"}""", "a")]
    [InlineData("""{"type":{"type":"ping"},"id":"a"}""", "a")]
    [InlineData("""{"type":"\ud800","id":"a"}""", "a")]
    public void JSON_without_a_type_is_answered_with_invalid_frame(string text, string? id) => ShouldBeNoFrame(text, id);

    [Theory]
    [Trait("failure", "A14")]
    [InlineData("""{"type":"ping","id":null}""")]
    [InlineData("""{"type":"ping","id":""}""")]
    [InlineData("""{"type":"ping","id":5}""")]
    [InlineData("""{"type":"ping","id":"a b"}""")]
    [InlineData("""{"type":"ping","id":"é"}""")]
    [InlineData("""{"type":"ping","id":"\ud83d"}""")]
    [InlineData("""{"type":"ping","id":"a1234567890123456789012345678901234567890123456789012345678901234"}""")]
    [InlineData("""{"type":"chat","content":"hi"}""")]
    [InlineData("""{"type":"follow","thread_id":"thr_1"}""")]
    [InlineData("""{"type":"unfollow","thread_id":"thr_1"}""")]
    [InlineData("""{"type":"stop","thread_id":"thr_1"}""")]
    [InlineData("""{"type":"decide","thread_id":"thr_1","call_id":"call_1","arguments_digest":"d","decision":"approve"}""")]
    [InlineData("""{"type":"authenticate","token":"t"}""")]
    public void An_id_that_is_missing_or_malformed_is_answered_with_invalid_frame(string text) => ShouldBeNoFrame(text, null);

    [Theory]
    [Trait("failure", "A13")]
    [Trait("failure", "A14")]
    [InlineData("""{"type":"chat","id":"a"}""")]
    [InlineData("""{"type":"chat","id":"a","text":"hi"}""")]
    [InlineData("""{"type":"chat","id":"a","content":null}""")]
    [InlineData("""{"type":"chat","id":"a","content":""}""")]
    [InlineData("""{"type":"chat","id":"a","content":" \n"}""")]
    [InlineData("""{"type":"chat","id":"a","content":5}""")]
    [InlineData("""{"type":"chat","id":"a","content":["hi"]}""")]
    [InlineData("""{"type":"chat","id":"a","content":"half \ud83d"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","thread_id":null}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","thread_id":""}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","thread_id":5}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","agent":null}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","agent":""}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":null}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":"later"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":"Queue"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":" queue"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":"queue,steer"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":"1"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":1}""")]
    [InlineData("""{"type":"follow","id":"a"}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"\ud800"}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","after_seq":-1}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","after_seq":1.5}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","after_seq":"1"}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","after_seq":9223372036854775808}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","parts":null}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","parts":{}}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","parts":[null]}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","parts":[{"part_id":"p"}]}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","parts":[{"length":5}]}""")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"t","parts":[{"part_id":"p","length":-5}]}""")]
    [InlineData("""{"type":"stop","id":"a"}""")]
    [InlineData("""{"type":"stop","id":"a","thread_id":"t","run_id":null}""")]
    [InlineData("""{"type":"decide","id":"a","thread_id":"t","call_id":"c","arguments_digest":"d"}""")]
    [InlineData("""{"type":"decide","id":"a","thread_id":"t","call_id":"c","arguments_digest":"","decision":"approve"}""")]
    [InlineData("""{"type":"decide","id":"a","thread_id":"t","call_id":"c","arguments_digest":"d","decision":"maybe"}""")]
    [InlineData("""{"type":"authenticate","id":"a"}""")]
    [InlineData("""{"type":"authenticate","id":"a","token":" "}""")]
    [InlineData("""{"type":"ping","id":"a","type":"chat"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","content":"ho"}""")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","x":{"y":1,"y":2}}""")]
    public void A_member_that_is_missing_empty_repeated_or_ill_typed_is_answered_with_invalid_frame_and_the_id(string text) =>
        ShouldBeNoFrame(text, "a");

    [Fact]
    public void An_id_that_stands_there_twice_is_not_repeated() =>
        ShouldBeNoFrame("""{"type":"ping","id":"a","id":"b"}""", null);

    [Fact]
    public void A_frame_may_nest_32_deep_and_no_deeper()
    {
        Read(Nested(ChatProtocol.MaxDepth)).Frame.Should().Be(new PingFrame { Id = new ClientFrameId("a") });
        ShouldBeNoFrame(Nested(ChatProtocol.MaxDepth + 1), "a");
        ShouldBeNoFrame(Nested(100_000), "a");

        static string Nested(int depth) =>
            $$"""{"type":"ping","id":"a","x":{{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""";
    }

    [Theory]
    [Trait("failure", "A10")]
    [InlineData("stop_agent")]
    [InlineData("user_message_v2")]
    [InlineData("Chat")]
    [InlineData("chat ")]
    [InlineData("0")]
    public void An_unknown_type_is_answered_with_unknown_type_and_the_id(string type) =>
        Refused($$"""{"id":"a","type":"{{type}}","content":"hi"}""")
            .Should().BeEquivalentTo(new { Code = ErrorCode.UnknownType, Id = new ClientFrameId("a") });

    [Theory]
    [InlineData("""{"type":"ping","x":null,"$x":1,"$id":"1","$type":"chat"}""")]
    [InlineData("""{"x":[{"type":"chat"}],"type":"ping"}""")]
    [InlineData("""{"\u0074ype":"p\u0069ng"}""")]
    [InlineData(" \r\n\t{\"type\":\"ping\"} ")]
    public void Unknown_members_are_ignored_and_the_type_may_stand_anywhere(string text) =>
        Read(text).Should().Be(new ClientFrameResult(new PingFrame(), null));

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var chat = Read("""{"content":"hi","id":"a","type":"chat"}""").Frame.Should().BeOfType<ChatFrame>().Subject;
        chat.Should().Be(new ChatFrame { Id = new ClientFrameId("a"), Content = "hi", WhenRunning = WhenRunning.Queue });

        var follow = Read("""{"type":"follow","id":"a","thread_id":"t"}""").Frame.Should().BeOfType<FollowFrame>().Subject;
        follow.AfterSeq.Should().Be(0);
        follow.Parts.Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "D22")]
    public void Content_of_100_KB_with_every_kind_of_character_arrives_as_it_was_sent()
    {
        var content = string.Concat(Enumerable.Repeat("Grüße, 世界! 👩‍👩‍👧‍👦 \u0000\u0001\t\r\n\"\\/\u007f\u2028 </script> ", 2_000));
        content.Length.Should().BeGreaterThan(100 * 1024 / 2);
        Encoding.UTF8.GetByteCount(content).Should().BeGreaterThan(100 * 1024);
        var chat = new ChatFrame { Id = new ClientFrameId("a"), Content = content };

        ClientFrameReader.Read(WireJson.Encode(chat)).Frame.Should().Be(chat);
    }

    [Fact]
    public void The_text_of_a_refusal_names_the_member_and_never_its_value()
    {
        var message = Refused("""{"type":"chat","id":"a","content":"hi","agent":{"secret":"hunter2"}}""").Message;

        message.Should().Contain("agent").And.NotContain("hunter2");
    }

    [Theory]
    [Trait("failure", "A14")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Damaged_bytes_are_refused_and_never_throw(int seed)
    {
        var random = new Random(seed);
        byte[][] good =
        [
            """{"type":"chat","id":"c-1","content":"Grüße 👋 \ud83d\ude00","thread_id":"thr_1","when_running":"steer"}"""u8.ToArray(),
            """{"type":"follow","id":"c-2","thread_id":"thr_1","after_seq":12,"parts":[{"part_id":"part_1","length":7}]}"""u8.ToArray(),
            """{"type":"ping","id":"c-3","\u0078":{"y":[1,2.5e3,true,null]}}"""u8.ToArray(),
        ];

        for (var round = 0; round < 5_000; round++)
        {
            var bytes = good[round % good.Length].ToArray();
            for (var damage = random.Next(1, 4); damage > 0; damage--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var result = ClientFrameReader.Read(bytes.AsMemory(0, random.Next(bytes.Length + 1)));

            (result.Frame is null).Should().Be(result.Error is not null, Encoding.Latin1.GetString(bytes));
        }
    }

    private static ClientFrameResult Read(string text) => ClientFrameReader.Read(Encoding.UTF8.GetBytes(text));

    private static Error Refused(string text)
    {
        var (frame, error) = Read(text);
        frame.Should().BeNull();
        return error!;
    }

    private static void ShouldBeNoFrame(string text, string? id) =>
        Refused(text).Should().BeEquivalentTo(new { Code = NoFrame, Id = id is null ? (ClientFrameId?)null : new ClientFrameId(id) });
}
