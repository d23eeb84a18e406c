using ChatBackend.Protocol;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Rest;

/// <summary>A thread in which a message is written is listed again.</summary>
public sealed class UnarchiveTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    [Fact]
    public async Task A_message_takes_its_thread_out_of_the_archive_and_nothing_else_does()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var slow = await client.PlayAsync("""{"steps":[{"tool":"mail","approval":true},{"say":"done"}]}""");
        var asked = await client.Frames.UntilAsync<ApprovalRequired>();
        await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{slow.ThreadId}", """{"archived":true}""");

        await client.Connection.DecideAsync(asked, ApprovalDecision.Approve);
        await client.EndOfAsync(slow);
        (await rest.GetAsync($"/api/threads/{slow.ThreadId}")).GetProperty("archived").GetBoolean().Should().BeTrue();

        await client.PlayAsync(Hello, slow.ThreadId);
        (await rest.GetAsync($"/api/threads/{slow.ThreadId}")).GetProperty("archived").GetBoolean().Should().BeFalse();
        (await rest.GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(1);
    }
}
