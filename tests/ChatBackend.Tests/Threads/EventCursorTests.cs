using System.Text;
using System.Text.Json;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Following;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Threads;

/// <summary>Of which history a cursor is, and whether that history still has what comes after it.</summary>
public sealed class EventCursorTests
{
    private static readonly ThreadId Thread = new("thr_1");
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 30, 0, 123, TimeSpan.Zero);

    private readonly List<(long After, int Events)> _reads = [];

    /// <summary>Of a thread whose history begins with event 5 and whose last event is 9; event 7 is of <see cref="At"/>.</summary>
    public static TheoryData<long, int?, string> Cursors => new()
    {
        { 0, null, "expired 5" },
        { 3, null, "expired 5" },
        { 4, null, "goes on" },
        { 5, null, "goes on" },
        { 9, null, "goes on" },
        { 10, null, "stale 5" },
        { 0, 0, "expired 5" },
        { 3, 0, "expired 5" },
        { 4, 0, "expired 5" },
        { 7, 0, "goes on" },
        { 7, 1, "stale 5" },
        { 7, -1, "stale 5" },
        { 10, 0, "stale 5" },
        { 8, 0, "stale 5" }, // which is not there
    };

    [Theory]
    [MemberData(nameof(Cursors))]
    public async Task A_cursor_is_gone_on_from_or_says_why_not(long seq, int? shiftMs, string expected)
    {
        var found = new StoredEvent(7, Json(7));
        var outcome = await OutcomeAsync(new EventCursor(seq, shiftMs is { } shift ? At.AddMilliseconds(shift) : null), 5, 9, found);

        outcome.Should().Be(expected);
        _reads.Should().Equal(shiftMs is not null && seq is 7 or 8 ? [(seq - 1, 1)] : [], "only an event that is named is read");
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(0, 0)]
    [InlineData(0, 86_400_000)]
    public async Task The_beginning_of_a_whole_history_is_not_an_event(long seq, int? shiftMs)
    {
        (await OutcomeAsync(new EventCursor(seq, shiftMs is { } shift ? At.AddMilliseconds(shift) : null), 1, 9, null)).Should().Be("goes on");
        _reads.Should().BeEmpty();
    }

    [Fact]
    public async Task An_event_that_is_gone_or_is_another_one_is_of_another_history()
    {
        (await OutcomeAsync(new EventCursor(7, At), 1, 9, null)).Should().Be("stale 1");
        (await OutcomeAsync(new EventCursor(7, At), 1, 9, new StoredEvent(8, Json(8)))).Should().Be("stale 1");
        (await OutcomeAsync(new EventCursor(7, At), 1, 9, new StoredEvent(7, Json(7)))).Should().Be("goes on");
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_told_of() =>
        await FluentActions.Awaiting(() => OutcomeAsync(new EventCursor(7, At), 1, 9, new StoredEvent(7, "{"u8.ToArray()))).Should().ThrowAsync<UnreadableThreadException>();

    [Theory]
    [InlineData("""{"at":"2026-11-23T09:30:00.123Z"}""", true)]
    [InlineData("""{"a":{"at":"2020-01-01T00:00:00.000Z"},"b":[{"at":1}],"at":"2026-11-23T09:30:00.123Z","c":1}""", true)]
    [InlineData("""{"a":1,"at":"2026-11-23T09:30:00.124Z"}""", false)]
    public void An_event_is_named_by_its_own_time(string json, bool isNamed)
    {
        new EventCursor(7, At).Names(Encoding.UTF8.GetBytes(json)).Should().Be(isNamed);
        new EventCursor(7).Names(Encoding.UTF8.GetBytes(json)).Should().BeTrue("who says no time names what has the place");
    }

    [Theory]
    [InlineData("""{"a":1,"b":{"at":"2026-11-23T09:30:00.123Z"}}""")]
    [InlineData("{}")]
    public void An_event_has_a_time(string json) =>
        FluentActions.Invoking(() => new EventCursor(7, At).Names(Encoding.UTF8.GetBytes(json))).Should().Throw<JsonException>();

    private static byte[] Json(long seq) => WireJson.Encode(new MessageRemoved { ThreadId = Thread, Seq = seq, At = At, MessageId = new MessageId("msg_1") });

    private async Task<string> OutcomeAsync(EventCursor cursor, long begins, long head, StoredEvent? found)
    {
        var log = PagesOnly.Log((after, events) =>
        {
            _reads.Add((after, events));
            return found is { } stored && stored.Seq > after ? [stored] : [];
        });
        try
        {
            await cursor.RequireAsync(new ThreadRecord(Thread, null, false, At, At, head, false, begins), log, CancellationToken.None);
            return "goes on";
        }
        catch (ProtocolException ex)
        {
            return ex.Code switch
            {
                ErrorCode.Expired => $"expired {ex.HistoryBeginsAt}",
                ErrorCode.StaleCursor => $"stale {ex.HistoryBeginsAt}",
                _ => ex.Code.ToString(),
            };
        }
    }
}
