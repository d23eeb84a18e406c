using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Following;

/// <summary>A list is gone on from where it was left, or begun anew where that cannot be; never from something else.</summary>
public sealed class FollowedListCursorTests : IAsyncLifetime
{
    private readonly ChatServer _server = new();
    private GuestSession _guest = null!;
    private RestClient _rest = null!;

    public async ValueTask InitializeAsync()
    {
        _guest = await _server.GuestAsync();
        _rest = await _server.RestAsync(_guest);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("failure", "L6")]
    public async Task What_changed_while_a_device_was_away_is_told_when_it_comes_back_and_nothing_else()
    {
        var (same, renamed, archived, deleted) = (await _rest.CreateAsync("Same"), await _rest.CreateAsync("Old"), await _rest.CreateAsync("Archived"), await _rest.CreateAsync("Deleted"));
        await using var before = await ListWatcher.FollowAsync(_server, _guest);
        before.Rows.Keys.Should().BeEquivalentTo(same.Value, renamed.Value, archived.Value, deleted.Value);
        await before.DisposeAsync();

        await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{renamed}", """{"title":"New"}""");
        await _rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{archived}", """{"archived":true}""");
        await _rest.SendAsync(HttpMethod.Delete, $"/api/threads/{deleted}");
        var made = await _rest.CreateAsync("Made");
        await using var after = await ListWatcher.FollowAsync(_server, _guest, before.Told);

        after.Frames.Select(frame => frame.GetProperty("type").GetString()).Should().Equal("thread_listed", "thread_listed", "thread_unlisted", "thread_listed", "threads_caught_up");
        after.Frames.Take(4).Select(frame => frame.GetProperty("thread_id").GetString()).Should().Equal(renamed.Value, archived.Value, deleted.Value, made.Value);
        after.IsSame(await ListWatcher.ListOfAsync(_rest)).Should().BeTrue();
    }

    [Fact]
    [Trait("failure", "L6")]
    public async Task Every_cursor_that_was_told_can_be_gone_on_from()
    {
        await using var live = await ListWatcher.FollowAsync(_server, _guest);
        var threads = new List<ThreadId>();
        for (var i = 0; i < 40; i++)
        {
            threads.Add(await _rest.CreateAsync($"{i}")); // more than are told at once
        }

        await _rest.SendAsync(HttpMethod.Delete, $"/api/threads/{threads[7]}");
        var list = await ListWatcher.ListOfAsync(_rest);
        var states = new List<ListWatcher.State>();
        await live.UntilAsync(_ =>
        {
            states.Add(live.Told);
            return live.IsSame(list);
        });
        foreach (var state in states)
        {
            await using var later = await ListWatcher.FollowAsync(_server, _guest, state);

            later.IsSame(list).Should().BeTrue();
            later.Cursor.Should().Be(live.Cursor);
        }
    }

    [Fact]
    public async Task The_answer_to_a_first_follow_is_the_newest_threads_without_a_cursor_of_their_own()
    {
        for (var i = 0; i < 51; i++)
        {
            await _rest.CreateAsync($"{i}");
        }

        await using var list = await ListWatcher.ConnectAsync(_server, _guest);
        var caughtUp = await list.FollowAsync();

        var page = await _rest.GetAsync("/api/threads?limit=50");
        list.Frames.SkipLast(1).Select(frame => frame.GetProperty("title").GetString()).Should()
            .Equal(page.GetProperty("threads").EnumerateArray().Select(row => row.GetProperty("title").GetString())).And.HaveCount(50);
        list.Frames.SkipLast(1).Should().OnlyContain(frame => !HasCursor(frame));
        caughtUp.GetProperty("has_more").GetBoolean().Should().BeTrue();
        caughtUp.GetProperty("log_id").GetString().Should().Be(_server.Services.GetRequiredService<IEventLog>().LogId);
    }

    [Fact]
    [Trait("failure", "L7")]
    public async Task A_cursor_of_another_log_or_of_none_is_stale_and_follows_nothing()
    {
        await _rest.CreateAsync("One");
        await using var list = await ListWatcher.FollowAsync(_server, _guest);
        var (log, number) = (list.Cursor!.Split('.')[0], long.Parse(list.Cursor.Split('.')[1], null));
        string[] stale =
        [
            $"{new string('0', log.Length)}.{number}", $"{log}.{number + 1}", $"{log}.{long.MaxValue}", $"{log}.-1", $"{log}.", log, $"{log}.{number}0000000000000000000", $"x{log}.{number}", "x", $"{log}. {number}",
        ];
        foreach (var cursor in stale)
        {
            await list.SendAsync("follow_threads", $",\"cursor\":{JsonSerializer.Serialize(cursor)}");

            (await list.UntilAsync(_ => true)).GetProperty("code").GetString().Should().Be("stale_cursor", cursor);
        }

        await _rest.CreateAsync("Two");
        await list.SendAsync("unfollow_threads");
        (await list.UntilAsync(_ => true)).GetProperty("code").GetString().Should().Be("not_found", "the list is not followed after a refusal");
    }

    [Theory]
    [InlineData("follow_threads", ",\"cursor\":null")]
    [InlineData("follow_threads", ",\"cursor\":\"\"")]
    [InlineData("follow_threads", ",\"cursor\":7")]
    [InlineData("mark_read", "")]
    [InlineData("mark_read", ",\"thread_id\":\"thr_1\",\"seq\":-1")]
    [InlineData("mark_read", ",\"thread_id\":\"thr_1\",\"seq\":null")]
    [InlineData("mark_read", ",\"thread_id\":\"thr_1\",\"seq\":\"1\"")]
    public async Task What_is_no_command_is_refused(string type, string members)
    {
        await using var list = await ListWatcher.ConnectAsync(_server, _guest);
        await list.SendAsync(type, members);

        (await list.UntilAsync(_ => true)).GetProperty("code").GetString().Should().Be("invalid_frame");
    }

    [Fact]
    [Trait("failure", "L8")]
    public async Task A_list_tells_nothing_of_other_users_and_marks_nothing_of_theirs()
    {
        await using var mine = await ListWatcher.FollowAsync(_server, _guest);
        await using var other = await _server.ConnectAsync();
        await using var theirs = await ListWatcher.FollowAsync(_server, other.Guest);
        var ack = await other.PlayAsync("""{"steps":[{"say":"secret"}]}""");
        var end = await other.EndOfAsync(ack);
        await theirs.UntilListedAsync(ack.ThreadId!.Value, row => row.GetProperty("unread").GetBoolean());

        await mine.SendAsync("mark_read", $",\"thread_id\":\"{ack.ThreadId}\"");
        (await mine.UntilAsync(_ => true)).GetProperty("code").GetString().Should().Be("not_found");
        await mine.SendAsync("mark_read", $",\"thread_id\":\"{ThreadId.New()}\",\"seq\":{end.Seq}");
        (await mine.UntilAsync(_ => true)).GetProperty("code").GetString().Should().Be("not_found");
        await _rest.CreateAsync("Mine");
        await mine.UntilAsync(frame => frame.GetProperty("type").ValueEquals("thread_listed"));
        await using var stolen = await ListWatcher.ConnectAsync(_server, _guest);
        await stolen.SendAsync("follow_threads", $",\"cursor\":\"{theirs.Cursor}\""); // of this log, and a number like any other
        await stolen.UntilAsync(frame => frame.GetProperty("type").GetString() is "threads_caught_up" or "error");

        mine.Rows.Values.Select(row => (string?)row["title"]).Should().Equal("Mine");
        stolen.Rows.Values.Select(row => (string?)row["title"]).Should().OnlyContain(title => title == "Mine");
        (await (await _server.RestAsync(other.Guest)).GetAsync($"/api/threads/{ack.ThreadId}")).GetProperty("unread").GetBoolean().Should().BeTrue();
    }

    private static bool HasCursor(JsonElement frame) => frame.TryGetProperty("cursor", out _);
}
