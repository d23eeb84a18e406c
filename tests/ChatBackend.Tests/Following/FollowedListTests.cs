using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>Who follows the list of threads is told of every change in it, wherever it was made.</summary>
public sealed class FollowedListTests : IAsyncLifetime
{
    private static readonly string Gate = ShiftedTime.Gate.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private readonly ChatServer _server = new();
    private TestClient _tab = null!;
    private ListWatcher _list = null!;
    private RestClient _rest = null!;

    public async ValueTask InitializeAsync()
    {
        _tab = await _server.ConnectAsync();
        _rest = await _server.RestAsync(_tab.Guest);
        _list = await ListWatcher.FollowAsync(_server, _tab.Guest);
    }

    public async ValueTask DisposeAsync()
    {
        await _list.DisposeAsync();
        await _tab.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    [Trait("failure", "L1")]
    public async Task A_thread_that_is_left_while_it_answers_ceases_to_run_in_the_list()
    {
        var ack = await _tab.PlayAsync($$"""{"steps":[{"say":"slowly"},{"tool":"t","ms":{{Gate}}}]}""");
        var thread = ack.ThreadId!.Value;
        await _list.UntilListedAsync(thread, row => Is(row, "running"));
        await _tab.Connection.UnfollowAsync(thread).Soon();

        _server.Clock.OpenGates();

        var row = await _list.UntilListedAsync(thread, row => !Is(row, "running"));
        (Is(row, "unread"), row.GetProperty("agent").GetString()).Should().Be((true, "script"));
        await _list.UntilSameAsAsync(_rest);
    }

    [Fact]
    [Trait("failure", "L2")]
    public async Task A_thread_that_is_made_elsewhere_appears()
    {
        await using var other = await _server.ConnectAsync(_tab.Guest);

        var empty = await _rest.CreateAsync("Empty");
        var ack = await other.PlayAsync("""{"steps":[{"say":"one"}]}""");

        (await _list.UntilListedAsync(empty, _ => true)).GetProperty("title").GetString().Should().Be("Empty");
        await _list.UntilListedAsync(ack.ThreadId!.Value, row => row.GetProperty("head").GetInt64() == 3);
        await _list.UntilSameAsAsync(_rest);
        _list.Rows.Should().HaveCount(2);
    }

    [Fact]
    [Trait("failure", "L3")]
    public async Task A_call_that_waits_for_approval_is_told_and_so_is_its_end()
    {
        var ack = await _tab.PlayAsync("""{"steps":[{"tool":"send","approval":true,"result":1},{"say":"sent"}]}""");
        var required = await _tab.Frames.UntilAsync<ApprovalRequired>();

        var waits = await _list.UntilListedAsync(ack.ThreadId!.Value, row => Is(row, "needs_approval"));
        (Is(waits, "running"), Is(waits, "unread")).Should().Be((true, true));
        await _list.UntilSameAsAsync(_rest);

        await _tab.Connection.DecideAsync(required, ApprovalDecision.Approve).Soon();
        await _list.UntilListedAsync(ack.ThreadId!.Value, row => !Is(row, "needs_approval"));
        await _tab.EndOfAsync(ack);
        await _list.UntilSameAsAsync(_rest);
    }

    [Fact]
    [Trait("failure", "L4")]
    public async Task A_thread_is_renamed_archived_and_deleted_in_the_list_too()
    {
        var thread = await _rest.CreateAsync("Before");

        await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", """{"title":"After"}""");
        await _list.UntilListedAsync(thread, row => row.GetProperty("title").ValueEquals("After"));
        await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", """{"archived":true}""");
        await _list.UntilListedAsync(thread, row => Is(row, "archived"));
        await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", """{"archived":false}""");
        await _list.UntilListedAsync(thread, row => !Is(row, "archived"));
        await _list.UntilSameAsAsync(_rest);
        (await _rest.SendAsync(HttpMethod.Delete, $"/api/threads/{thread}")).IsSuccessStatusCode.Should().BeTrue();

        var gone = await _list.UntilAsync(frame => frame.GetProperty("type").ValueEquals("thread_unlisted"));
        (gone.GetProperty("thread_id").GetString(), gone.GetProperty("reason").GetString()).Should().Be((thread.Value, "deleted"));
        _list.Rows.Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "L4")]
    public async Task A_message_takes_its_thread_out_of_the_archive_of_every_list()
    {
        var ack = await _tab.PlayAsync("""{"steps":[{"say":"one"}]}""");
        await _tab.EndOfAsync(ack);
        await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{ack.ThreadId}", """{"archived":true}""");
        await _list.UntilListedAsync(ack.ThreadId!.Value, row => Is(row, "archived"));

        await _tab.EndOfAsync(await _tab.PlayAsync("""{"steps":[{"say":"two"}]}""", ack.ThreadId));

        await _list.UntilListedAsync(ack.ThreadId!.Value, row => !Is(row, "archived"));
        await _list.UntilSameAsAsync(_rest);
    }

    [Fact]
    [Trait("failure", "L5")]
    public async Task What_is_read_on_one_device_is_read_on_every_one()
    {
        var ack = await _tab.PlayAsync("""{"steps":[{"say":"one"}]}""");
        var end = await _tab.EndOfAsync(ack);
        var thread = ack.ThreadId!.Value;
        await _list.UntilListedAsync(thread, row => Is(row, "unread"));
        await using var other = await ListWatcher.FollowAsync(_server, _tab.Guest);
        Is(JsonSerializer.SerializeToElement(other.Rows[thread.Value]), "unread").Should().BeTrue();

        (await ReadAsync(other, thread, end.Seq - 1)).Should().Be(end.Seq - 1, "the end is not among it");
        (await _rest.GetAsync($"/api/threads/{thread}")).GetProperty("unread").GetBoolean().Should().BeTrue();
        (await ReadAsync(other, thread, 1)).Should().Be(end.Seq - 1, "it only moves forward");
        (await ReadAsync(other, thread, null)).Should().Be(end.Seq);
        await _list.UntilListedAsync(thread, row => !Is(row, "unread"));
        (await ReadAsync(other, thread, 1_000)).Should().Be(end.Seq, "what comes later was not read");

        await _tab.EndOfAsync(await _tab.PlayAsync("""{"steps":[{"say":"two"}]}""", thread));
        await _list.UntilListedAsync(thread, row => Is(row, "unread"));
        await _list.UntilSameAsAsync(_rest);
    }

    [Fact]
    [Trait("failure", "L5")]
    public async Task Who_writes_or_stops_has_read()
    {
        var ack = await _tab.PlayAsync("""{"steps":[{"say":"one"}]}""");
        await _tab.EndOfAsync(ack);
        await _list.UntilListedAsync(ack.ThreadId!.Value, row => Is(row, "unread"));

        var next = await _tab.PlayAsync($$"""{"steps":[{"say":"two"},{"tool":"t","ms":{{Gate}}}]}""", ack.ThreadId);
        await _list.UntilListedAsync(ack.ThreadId!.Value, row => Is(row, "running") && !Is(row, "unread"));
        await _tab.Connection.StopAsync(ack.ThreadId!.Value).Soon();
        await _tab.EndOfAsync(next);

        Is(await _list.UntilListedAsync(ack.ThreadId!.Value, row => !Is(row, "running")), "unread").Should().BeFalse();
        await _list.UntilSameAsAsync(_rest);
    }

    [Fact]
    public async Task A_list_that_is_followed_no_longer_is_silent()
    {
        await _list.SendAsync("unfollow_threads");
        (await _list.UntilAsync(_ => true)).GetProperty("type").GetString().Should().Be("ack");

        await _rest.CreateAsync("Unseen");
        await _list.SendAsync("unfollow_threads");

        (await _list.UntilAsync(_ => true)).GetProperty("code").GetString().Should().Be("not_found");
        await _server.UntilGaugeAsync("chat_list_followers", 0);
    }

    private static bool Is(JsonElement row, string member) => row.GetProperty(member).GetBoolean();

    private static async Task<long> ReadAsync(ListWatcher device, ThreadId thread, long? seq)
    {
        await device.SendAsync("mark_read", $",\"thread_id\":\"{thread}\"{(seq is null ? "" : $",\"seq\":{seq}")}");
        return (await device.UntilAsync(frame => frame.GetProperty("type").ValueEquals("ack"))).GetProperty("seq").GetInt64();
    }
}
