using ChatBackend.Client;
using ChatBackend.Tests.Server;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Rest;

/// <summary>A place in a list is one of the log that it was given out for.</summary>
public sealed class ListCursorTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    [Trait("failure", "Q17")]
    public async Task A_cursor_of_before_a_restore_is_refused_and_one_of_before_a_restart_is_not()
    {
        GuestSession guest;
        string path;
        await using (var server = new ChatServer(_data))
        {
            var rest = await server.RestAsync();
            guest = rest.Guest;
            await rest.CreateAsync("one");
            await rest.CreateAsync("two");
            path = $"/api/threads?limit=1&cursor={(await rest.GetAsync("/api/threads?limit=1")).GetProperty("next_cursor").GetString()}";
        }

        await using (var restarted = new ChatServer(_data))
        {
            (await (await restarted.RestAsync(guest)).GetAsync(path)).GetProperty("threads").GetArrayLength().Should().Be(1);
        }

        using (var log = new SqliteConnection($"Data Source={Path.Combine(_data.FullName, "chat.db")};Pooling=False"))
        {
            log.Open();
            using var command = log.CreateCommand();
            command.CommandText = "UPDATE store SET id = 'restored'";
            command.ExecuteNonQuery().Should().Be(1);
        }

        await using var restored = new ChatServer(_data);
        var problem = await (await restored.RestAsync(guest)).ProblemAsync(HttpMethod.Get, path, 409);
        problem.GetProperty("code").GetString().Should().Be("stale_cursor");
        problem.TryGetProperty("history_begins_at", out _).Should().BeFalse("it is not a cursor of a thread");
    }
}
