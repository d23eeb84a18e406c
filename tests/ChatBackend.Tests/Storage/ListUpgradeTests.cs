using ChatBackend.Protocol;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>A log from before lists were followed: what its list says of each thread is read from the events, and nothing of it is unread.</summary>
[Trait("failure", "L3")]
public sealed class ListUpgradeTests : IDisposable
{
    private const int Before = 13;
    private static readonly UserId User = new("usr_old");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");

    [Fact]
    public async Task What_the_list_says_of_each_thread_is_taken_from_its_events()
    {
        Write(1, "thr_waits", isOpen: true, Message(1, "msg_1"), Started(2, "support"), Asked(3, "call_a"));
        Write(2, "thr_decided", isOpen: true, Message(1, "msg_1"), Started(2, "support"), Asked(3, "call_a"), Decided(4, "call_a"));
        Write(3, "thr_done", isOpen: false, Message(1, "msg_1"), Started(2, "demo"), Asked(3, "call_a"), Decided(4, "call_a"));
        Write(4, "thr_nested", isOpen: true, Message(1, "msg_1"), Started(2, "demo"), Started(3, "other", parent: "run_1"), Asked(4, "call_a"), Asked(5, "call_b"), Decided(6, "call_a"));
        Write(5, "thr_empty", isOpen: false);

        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);

        var page = await host.Log.ListAsync(User, false, null, 10, TestContext.Current.CancellationToken);
        page.Threads.Select(thread => (thread.Thread.Value, thread.Agent, thread.NeedsApproval, thread.IsUnread)).Should().BeEquivalentTo(new (string, string?, bool, bool)[]
        {
            ("thr_waits", "support", true, false), ("thr_decided", "support", false, false), ("thr_done", "demo", false, false), ("thr_nested", "demo", true, false), ("thr_empty", null, false, false),
        });
        var range = await host.Log.ListRangeAsync(User, TestContext.Current.CancellationToken);
        (await host.Log.ListChangesAsync(User, range.Newest, 10, TestContext.Current.CancellationToken)).Changes.Should().BeEmpty();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static string Message(int seq, string id) => Event("user_message", seq, $"\"message_id\":\"{id}\",\"content\":\"hi\",\"client_id\":\"c\"");

    private static string Started(int seq, string agent, string? parent = null) =>
        Event("agent_started", seq, $"\"run_id\":\"run_{(parent is null ? 1 : seq)}\",\"agent\":\"{agent}\",\"message_id\":\"msg_1\"{(parent is null ? "" : $",\"parent_run_id\":\"{parent}\"")}");

    private static string Asked(int seq, string call) => Event("approval_required", seq, $"\"run_id\":\"run_1\",\"call_id\":\"{call}\"");

    private static string Decided(int seq, string call) => Event("approval_decided", seq, $"\"run_id\":\"run_1\",\"call_id\":\"{call}\"");

    private static string Event(string type, int seq, string members) => $$"""{"type":"{{type}}","thread_id":"t","seq":{{seq}},"at":"2026-11-22T00:00:00.000Z",{{members}}}""";

    private void Write(int key, string id, bool isOpen, params string[] events)
    {
        using var file = new SqliteDatabase(Path.Combine(_directory.FullName, "chat.db")).OpenFirst();
        SqliteSchema.Upgrade(file, Before);
        file.Execute($"""
            INSERT INTO threads (key, id, owner, epoch, head, open_from, created_at, updated_at, active_at, began_at)
            VALUES ({key}, '{id}', '{User.Value}', 1, {events.Length}, {(isOpen ? "1" : "NULL")}, 1, {key}, {key}, 1)
            """);
        for (var i = 0; i < events.Length; i++)
        {
            file.Execute($"INSERT INTO events (thread_key, seq, json) VALUES ({key}, {i + 1}, CAST('{events[i]}' AS BLOB))");
            if (events[i].Contains("approval_required", StringComparison.Ordinal))
            {
                file.Execute($"INSERT INTO event_ids (thread_key, id, seq) VALUES ({key}, 'call_{(events[i].Contains("call_a", StringComparison.Ordinal) ? 'a' : 'b')}', {i + 1})");
            }
        }
    }
}
