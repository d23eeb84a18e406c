using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

public abstract partial class EventLogContract
{
    [Fact]
    public async Task An_event_is_found_by_its_id_in_its_own_thread_only()
    {
        var (writer, other) = (await LogWriter.StartAsync(Log), await LogWriter.StartAsync(Log));
        await writer.AppendAsync(writer.NextOf("msg_1", "one"));
        await writer.AppendAsync("between");
        await writer.AppendAsync(writer.NextOf("call_1", "two"));
        await other.AppendAsync("x", "y", "z");
        await other.AppendAsync(other.NextOf("msg_1", "theirs"));

        (await Log.FindEventAsync(writer.Thread, "msg_1", Cancellation)).Should().Be(2);
        (await Log.FindEventAsync(writer.Thread, "call_1", Cancellation)).Should().Be(4);
        (await Log.FindEventAsync(other.Thread, "msg_1", Cancellation)).Should().Be(5);
        (await Log.FindEventAsync(other.Thread, "call_1", Cancellation)).Should().BeNull();
        (await Log.FindEventAsync(ThreadId.New(), "msg_1", Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task An_event_that_was_refused_is_not_found()
    {
        var old = await LogWriter.StartAsync(Log);
        await old.TakeOverAsync();
        await old.AppendAsync(old.NextOf("msg_1", "stale"));

        (await Log.FindEventAsync(old.Thread, "msg_1", Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task A_title_stays_until_the_next_one()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync(writer.Next("created") with { Title = "First" });
        (await TitleAsync(writer)).Should().Be("First");

        writer = await writer.TakeOverAsync();
        await writer.AppendAsync("more");
        (await TitleAsync(writer)).Should().Be("First");

        writer = await writer.TakeOverAsync();
        await writer.AppendAsync(writer.Next("renamed") with { Title = "Zweiter 🕤" });
        (await TitleAsync(writer)).Should().Be("Zweiter 🕤");
    }

    [Fact]
    public async Task A_refused_append_gives_no_title()
    {
        var old = await LogWriter.StartAsync(Log);
        await old.TakeOverAsync();

        (await old.AppendAsync(old.Next("stale") with { Title = "Stale" })).Should().Be(AppendResult.Fenced.Instance);
        (await TitleAsync(old)).Should().BeNull();
    }

    private async Task<string?> TitleAsync(LogWriter writer) => (await Log.OpenAsync(writer.Thread, Cancellation))!.Title;
}
