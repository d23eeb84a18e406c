using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Threads;

/// <summary>While the store takes nothing, nothing is acknowledged and nothing is shown; afterwards everything goes on.</summary>
public sealed class StoreAwayTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    [Fact]
    [Trait("failure", "A15")]
    [Trait("failure", "D13")]
    public async Task Nothing_is_acknowledged_before_it_is_committed()
    {
        await using var server = new ChatServer(_data);
        await using var raw = await server.ConnectRawAsync();
        await using (await LockAsync())
        {
            await raw.SendAsync(Chat("c1", "hello"));
            var refused = await raw.ReceiveAsync();
            refused.GetProperty("type").GetString().Should().Be("error");
            refused.GetProperty("code").GetString().Should().Be("unavailable");
            refused.GetProperty("retry_after_ms").GetInt32().Should().BePositive();
        }

        await raw.SendAsync(Chat("c1", "hello"));

        (await raw.ReceiveAsync()).GetProperty("status").GetString().Should().Be("accepted");
        (await raw.ReceiveAsync()).GetProperty("type").GetString().Should().Be("user_message");
    }

    [Fact]
    [Trait("failure", "D18")]
    public async Task A_run_waits_for_the_store_and_ends_once()
    {
        await using var server = new ChatServer(_data);
        await using var client = await server.ConnectAsync();
        var ack = await client.PlayAsync($$"""{"steps":[{"say":"before"},{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"after"}]}""");
        await client.Frames.UntilAsync<ToolExecuting>();
        await using var raw = await server.ConnectRawAsync();
        await using (await LockAsync())
        {
            server.Clock.OpenGates(); // the end of the tool cannot be written
            await raw.SendAsync(Chat("c1", "hello"));
            (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("unavailable");
        }

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("after");
        client.Frames.All().OfType<ToolCompleted>().Should().ContainSingle().Which.Outcome.Should().Be(ToolOutcome.Succeeded);
        client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(1, 2, 3, 4, 5, 6);
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static string Chat(string id, string say) => $$$$"""{"type":"chat","id":"{{{{id}}}}","agent":"script","content":"{\"steps\":[{\"say\":\"{{{{say}}}}\"}]}"}""";

    /// <summary>Another process holds the store until the result is disposed.</summary>
    private async Task<SqliteConnection> LockAsync()
    {
        var other = new SqliteConnection($"Data Source={Path.Combine(_data.FullName, "chat.db")};Pooling=False");
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return other;
    }
}
