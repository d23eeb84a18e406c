using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>Every way in which what is stored can be wrong is one exception, with the place.</summary>
[Trait("failure", "Q1")]
public sealed class StoredEventsTests
{
    private static readonly ThreadId Thread = new("thr_1");

    [Fact]
    public void Events_that_follow_one_another_are_read()
    {
        StoredEvent[] events = [Event(4), Event(5), Event(6)];

        events.DecodedAfter(3, Thread).Select(threadEvent => threadEvent.Seq).Should().Equal(4, 5, 6);
        events.Invoking(page => page.ThrowIfUnreadable(Thread)).Should().NotThrow();
    }

    [Fact]
    public void One_that_is_missing_is_named()
    {
        StoredEvent[] events = [Event(4), Event(6)];

        Reason(() => events.DecodedAfter(3, Thread)).Should().Contain("thr_1").And.Contain("event 5").And.Contain("missing");
        Reason(() => events.DecodedAfter(2, Thread)).Should().Contain("event 3").And.Contain("missing");
        Reason(() => events.ThrowIfUnreadable(Thread)).Should().Contain("event 5").And.Contain("missing");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"seq":5}""")]
    [InlineData("""{"type":"of_a_later_version","thread_id":"thr_1","seq":5}""")]
    [InlineData("""{"type":"pong","id":"p1"}""")]
    [InlineData("""{"nested":{"type":"user_message"},"seq":5}""")]
    public void One_that_is_not_an_event_is_named(string json)
    {
        StoredEvent[] events = [Event(4), new StoredEvent(5, Encoding.UTF8.GetBytes(json)), Event(6)];

        Reason(() => events.DecodedAfter(3, Thread)).Should().Contain("event 5");
        Reason(() => events.ThrowIfUnreadable(Thread)).Should().Contain("event 5");
    }

    [Fact]
    public void One_that_stands_in_anothers_place_is_named() =>
        Reason(() => new StoredEvent(5, Event(4).Json).Decode(Thread)).Should().Contain("event 5").And.Contain("another");

    [Fact]
    public void An_event_with_a_long_or_escaped_type_is_known_by_what_it_says()
    {
        new[] { new StoredEvent(5, Encoding.UTF8.GetBytes("""{"type":"user\u005fmessage"}""")) }.Invoking(page => page.ThrowIfUnreadable(Thread)).Should().NotThrow();
        Reason(() => new[] { new StoredEvent(5, Encoding.UTF8.GetBytes($$"""{"type":"{{new string('x', 1000)}}"}""")) }.ThrowIfUnreadable(Thread)).Should().Contain("event 5");
    }

    [Fact]
    public void What_is_wrong_is_told_in_one_sentence_with_the_thread()
    {
        var missing = FluentActions.Invoking(() => new[] { Event(4), Event(6) }.DecodedAfter(3, Thread)).Should().Throw<UnreadableThreadException>().Which;

        (missing.Thread, missing.Message).Should().Be((Thread, "thr_1 cannot be read at event 5: it is missing."));
        Reason(() => new[] { Event(4), Event(6) }.ThrowIfUnreadable(Thread)).Should().Be("thr_1 cannot be read at event 5: it is missing.");
        Reason(() => new StoredEvent(5, "{}"u8.ToArray()).Decode(Thread)).Should().Be("thr_1 cannot be read at event 5: it does not decode.");
        Reason(() => new StoredEvent(5, Event(4).Json).Decode(Thread)).Should().Be("thr_1 cannot be read at event 5: it is another frame or event.");
        Reason(() => new[] { new StoredEvent(5, "{}"u8.ToArray()) }.ThrowIfUnreadable(Thread)).Should()
            .Be("thr_1 cannot be read at event 5: it is not JSON, or of a type that this version does not know.");
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void A_type_is_known_up_to_64_bytes_of_json(int escaped, bool isKnown)
    {
        const string Type = "thread_rewound";
        var json = $$"""{"type":"{{string.Concat(Type.Select((c, i) => i < escaped ? $"\\u{(int)c:x4}" : $"{c}"))}}"}""";
        StoredEvent[] page = [new(5, Encoding.UTF8.GetBytes(json))];

        var reading = page.Invoking(events => events.ThrowIfUnreadable(Thread));
        if (isKnown)
        {
            reading.Should().NotThrow();
        }
        else
        {
            reading.Should().Throw<UnreadableThreadException>();
        }
    }

    private static string Reason(Action reading) => reading.Should().Throw<UnreadableThreadException>().Which.Message;

    private static StoredEvent Event(long seq) => new(seq, WireJson.Encode(new UserMessage
    {
        ThreadId = Thread, Seq = seq, At = DateTimeOffset.UnixEpoch, MessageId = new("msg_1"), Content = "hello", ClientId = new("c"),
    }));
}
