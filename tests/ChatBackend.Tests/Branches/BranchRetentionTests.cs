using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Branches;

/// <summary>Branches of a thread whose early events are not retained.</summary>
public sealed class BranchRetentionTests
{
    [Fact]
    [Trait("failure", "N1")]
    [Trait("failure", "N4")]
    public async Task What_is_left_of_a_branch_can_be_chosen_and_what_is_gone_cannot()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await SayAsync(client, "first");
        var thread = first.ThreadId!.Value;
        var second = await SayAsync(client, "second", thread);
        var third = await SayAsync(client, "third", thread);
        var edited = await SayAsync(client, "second, edited", thread, second.MessageId);
        await TrimAsync(server, thread, third.Seq!.Value);

        await client.Connection.SelectBranchAsync(thread, third.MessageId!.Value).Soon();

        await using var fresh = await server.ConnectAsync(client.Guest);
        var follower = await fresh.Connection.FollowAsync(thread, third.Seq.Value - 1).Soon();
        Active(follower.Transcript).Should().Equal("third");
        var rest = await server.RestAsync(client.Guest);
        using (var markdown = await rest.SendAsync(HttpMethod.Get, $"/api/threads/{thread}/export?format=markdown"))
        {
            (await markdown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("third").And.NotContain("second");
        }

        foreach (var gone in new[] { first, second })
        {
            (await TestClient.RefusalOfAsync(() => client.Connection.SelectBranchAsync(thread, gone.MessageId!.Value))).Should().Be(ErrorCode.NotFound);
        }

        await client.Connection.SelectBranchAsync(thread, edited.MessageId!.Value).Soon();
        await fresh.Frames.UntilAsync<BranchSelected>(last => last.MessageId == edited.MessageId);
        Active(follower.Transcript).Should().Equal("second, edited");
    }

    private static async Task TrimAsync(ChatServer server, ThreadId thread, long begins)
    {
        var store = server.Services.GetRequiredService<IThreadStore>();
        while (!await store.TrimAsync(thread, begins, TestContext.Current.CancellationToken))
        {
        }
    }

    private static async Task<Ack> SayAsync(TestClient client, string text, ThreadId? thread = null, MessageId? replaces = null)
    {
        var ack = await client.PlayAsync($$"""{"steps":[{"say":"{{text}}"}]}""", thread, replaces: replaces);
        await client.EndOfAsync(ack);
        return ack;
    }

    private static IEnumerable<string> Active(ThreadTranscript transcript) => transcript.Entries.OfType<UserEntry>().Where(message => !message.IsReplaced)
        .Select(message => JsonElement.Parse(message.Content).GetProperty("steps")[0].GetProperty("say").GetString()!);
}
