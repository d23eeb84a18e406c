using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Branches;

/// <summary>Versions of a message: one is active, another can be chosen, and everybody sees what was.</summary>
public sealed class BranchTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    [Fact]
    [Trait("failure", "N1")]
    public async Task A_version_that_is_chosen_is_shown_on_every_device_with_what_followed_it()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var device = await server.ConnectAsync(client.Guest);
        var first = await SayAsync(client, "first");
        var thread = first.ThreadId!.Value;
        var follower = await device.Connection.FollowAsync(thread).Soon();
        var second = await SayAsync(client, "second", thread);
        var edited = await SayAsync(client, "first, edited", thread, first.MessageId);

        var ack = await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value).Soon();

        var chosen = await device.Frames.UntilAsync<BranchSelected>(_ => true);
        (ack.ThreadId, ack.Seq, ack.MessageId, ack.RunId).Should().Be((thread, chosen.Seq, first.MessageId, null));
        (chosen.MessageId, chosen.ToSeq).Should().Be((first.MessageId!.Value, 0));
        chosen.Restored.Should().Equal(new MessageSpan { AfterSeq = 0, BeforeSeq = edited.Seq!.Value - 1 });
        Active(follower.Transcript).Should().Equal("first", "second");
        follower.Transcript.VersionsOf(edited.MessageId!.Value).Should().Equal(first.MessageId!.Value, edited.MessageId!.Value);

        await SayAsync(client, "third", thread);
        Active(follower.Transcript).Should().Equal(["first", "second", "third"], "a new message continues the active branch");
        await client.Connection.SelectBranchAsync(thread, edited.MessageId!.Value).Soon();
        await client.Connection.SelectBranchAsync(thread, second.MessageId!.Value).Soon();
        await device.Frames.UntilAsync<BranchSelected>(last => last.MessageId == second.MessageId);
        Active(follower.Transcript).Should().Equal(["first", "second", "third"], "a message further down leads to its branch");
    }

    [Fact]
    [Trait("failure", "N2")]
    public async Task A_choice_has_one_effect_and_of_what_is_active_none()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await SayAsync(client, "first");
        var thread = first.ThreadId!.Value;
        var edited = await SayAsync(client, "edited", thread, first.MessageId);
        var (id, active) = (ClientFrameId.New(), ClientFrameId.New());

        var chosen = await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value, id).Soon();
        (await client.Connection.SelectBranchAsync(thread, edited.MessageId!.Value).Soon()).Seq.Should().Be(chosen.Seq + 1);
        (await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value, id).Soon()).Should().Be(chosen with { Status = AckStatus.Duplicate });
        (await TestClient.RefusalOfAsync(() => client.Connection.SelectBranchAsync(thread, edited.MessageId!.Value, id))).Should().Be(ErrorCode.IdConflict);
        var known = await client.Connection.SelectBranchAsync(thread, edited.MessageId!.Value, active).Soon();
        (known.Status, known.Seq, known.MessageId).Should().Be((AckStatus.Accepted, null, edited.MessageId));
        (await client.Connection.SelectBranchAsync(thread, edited.MessageId!.Value, active).Soon()).Should().Be(known with { Status = AckStatus.Duplicate });

        await SayAsync(client, "last", thread);
        client.Frames.All().OfType<BranchSelected>().Select(branch => branch.MessageId).Should().Equal(first.MessageId!.Value, edited.MessageId!.Value);
    }

    [Fact]
    [Trait("failure", "N3")]
    public async Task While_something_is_answered_or_waits_no_branch_can_be_chosen()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await SayAsync(client, "first");
        var thread = first.ThreadId!.Value;
        await SayAsync(client, "edited", thread, first.MessageId);
        var id = ClientFrameId.New();
        var chosen = await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value, id).Soon();
        var busy = await client.PlayAsync($$"""{"steps":[{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"one"}]}""", thread);

        (await TestClient.RefusalOfAsync(() => client.Connection.SelectBranchAsync(thread, first.MessageId!.Value))).Should().Be(ErrorCode.RunInProgress);
        (await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value, id).Soon()).Should().Be(chosen with { Status = AckStatus.Duplicate });
        server.Clock.OpenGates();
        await client.EndOfAsync(busy);
        await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value).Soon();
    }

    [Fact]
    [Trait("failure", "N4")]
    public async Task What_is_not_a_message_of_the_users_in_the_thread_cannot_be_chosen()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await using var stranger = await server.ConnectAsync();
        var first = await SayAsync(client, "first");
        var other = await SayAsync(client, "other");
        var answer = client.Frames.All().OfType<AgentCompleted>().First().MessageId;

        foreach (var message in new[] { other.MessageId!.Value, answer, MessageId.New() })
        {
            (await TestClient.RefusalOfAsync(() => client.Connection.SelectBranchAsync(first.ThreadId!.Value, message))).Should().Be(ErrorCode.NotFound);
        }

        (await TestClient.RefusalOfAsync(() => stranger.Connection.SelectBranchAsync(first.ThreadId!.Value, first.MessageId!.Value))).Should().Be(ErrorCode.NotFound);
        client.Frames.All().OfType<BranchSelected>().Should().BeEmpty();
    }

    [Fact]
    [Trait("failure", "N1")]
    public async Task The_model_is_shown_the_branch_that_was_chosen_also_after_a_restart_and_from_memory()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-branches-");
        try
        {
            await using var provider = await ModelServer.StartAsync(async context => await ModelServer.SendAsync(
                context, ModelServer.Text("fine"), ModelServer.Chunk("{}", "\"stop\""), "[DONE]"));
            (string, string)[] settings = [("Agents:Default", "helper"), ("Agents:List:0:Name", "helper"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small")];
            GuestSession guest;
            Ack a, b;
            await using (var server = new ChatServer(data, settings))
            await using (var client = await server.ConnectAsync())
            {
                guest = client.Guest;
                a = await AskAsync(client, "a");
                b = await AskAsync(client, "b", a.ThreadId);
                await AskAsync(client, "b2", a.ThreadId, b.MessageId);
                await client.Connection.SelectBranchAsync(a.ThreadId!.Value, b.MessageId!.Value).Soon();
                await AskAsync(client, "c", a.ThreadId);
                await AskAsync(client, "a2", a.ThreadId, a.MessageId);
                await client.Connection.SelectBranchAsync(a.ThreadId!.Value, a.MessageId!.Value).Soon();
            }

            await using (var server = new ChatServer(data, settings))
            await using (var client = await server.ConnectAsync(guest))
            {
                await client.Connection.FollowAsync(a.ThreadId!.Value).Soon();
                await AskAsync(client, "d", a.ThreadId);
            }

            provider.Requests.Select(Shown).Should().Equal(
                "a", "a|fine|b", "a|fine|b2", "a|fine|b|fine|c", "a2", "a|fine|b|fine|c|fine|d");
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    [Trait("failure", "N5")]
    public async Task An_edit_of_what_is_on_another_branch_is_made_on_that_branch()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var first = await SayAsync(client, "first");
        var thread = first.ThreadId!.Value;
        var second = await SayAsync(client, "second", thread);
        var edited = await SayAsync(client, "first, edited", thread, first.MessageId);
        var follower = client.Connection.FollowerOf(thread);

        var below = await SayAsync(client, "second, edited", thread, second.MessageId);
        Active(follower.Transcript).Should().Equal("first", "second, edited");
        follower.Transcript.VersionsOf(below.MessageId!.Value).Should().Equal(second.MessageId!.Value, below.MessageId!.Value);
        await SayAsync(client, "first, again", thread, edited.MessageId);
        Active(follower.Transcript).Should().Equal(["first, again"], "the first version is not before the third");
        await SayAsync(client, "first, for good", thread, first.MessageId);
        Active(follower.Transcript).Should().Equal("first, for good");

        follower.Transcript.VersionsOf(first.MessageId!.Value).Should().HaveCount(4);
        client.Frames.All().OfType<BranchSelected>().Select(branch => branch.MessageId).Should().Equal(
            [second.MessageId!.Value, edited.MessageId!.Value], "to where the oldest version stood the rewind alone leads");
    }

    [Fact]
    [Trait("failure", "N6")]
    public async Task A_branch_that_is_chosen_has_the_title_again_that_was_made_on_it()
    {
        await using var server = new ChatServer(("Threads:AutoTitle", "true"));
        await using var client = await server.ConnectAsync();
        var first = await SayAsync(client, "Apples");
        var thread = first.ThreadId!.Value;
        await client.Frames.UntilAsync<ThreadRenamed>(renamed => renamed.Title == "Apples");
        var edited = await SayAsync(client, "Pears", thread, first.MessageId);
        await client.Frames.UntilAsync<ThreadRenamed>(renamed => renamed.Title == "Pears");
        var rest = await server.RestAsync(client.Guest);

        var ack = await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value).Soon();
        var again = await client.Frames.UntilAsync<ThreadRenamed>(renamed => renamed.Seq == ack.Seq + 1);
        (again.Title, again.By, again.FromSeq).Should().Be(("Apples", RenamedBy.Agent, first.Seq));
        (await rest.GetAsync($"/api/threads/{thread}")).GetProperty("title").GetString().Should().Be("Apples");

        await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", """{"title":"Fruit"}""");
        await client.Connection.SelectBranchAsync(thread, edited.MessageId!.Value).Soon();
        await SayAsync(client, "more", thread);
        (await rest.GetAsync($"/api/threads/{thread}")).GetProperty("title").GetString().Should().Be("Fruit", "a user gave it");
    }

    [Fact]
    [Trait("failure", "N7")]
    public async Task A_message_that_nothing_answered_comes_back_unanswered_and_the_thread_is_not_busy()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"tool":"gate","ms":{{ShiftedTime.Gate}}},{"say":"one"}]}""");
        var thread = busy.ThreadId!.Value;
        var waiting = await client.PlayAsync(Hello, thread);
        var edited = await client.PlayAsync(Hello, thread, replaces: waiting.MessageId);
        server.Clock.OpenGates();
        var run = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == edited.MessageId);
        await client.EndOfAsync(run.RunId);

        await client.Connection.SelectBranchAsync(thread, waiting.MessageId!.Value).Soon();

        await client.Frames.UntilAsync<BranchSelected>(_ => true);
        var entry = client.Connection.FollowerOf(thread).Transcript.Entries.OfType<UserEntry>().Single(message => message.MessageId == waiting.MessageId);
        (entry.State, entry.IsReplaced, entry.IsWaiting).Should().Be((MessageState.Dropped, false, false));
        (await (await server.RestAsync(client.Guest)).GetAsync($"/api/threads/{thread}")).GetProperty("running").GetBoolean().Should().BeFalse();
        await client.EndOfAsync(await client.PlayAsync(Hello, thread, replaces: waiting.MessageId));
        client.Frames.All().OfType<AgentStarted>().Should().NotContain(started => started.MessageId == waiting.MessageId);
    }

    private static async Task<Ack> SayAsync(TestClient client, string text, ThreadId? thread = null, MessageId? replaces = null)
    {
        var ack = await client.PlayAsync($$"""{"steps":[{"say":"{{text}}"}]}""", thread, replaces: replaces);
        await client.EndOfAsync(ack);
        return ack;
    }

    private static async Task<Ack> AskAsync(TestClient client, string text, ThreadId? thread = null, MessageId? replaces = null)
    {
        var ack = await client.Connection.ChatAsync(text, thread, replaces: replaces).Soon();
        await client.EndOfAsync(ack);
        return ack;
    }

    private static IEnumerable<string> Active(ThreadTranscript transcript) => transcript.Entries.OfType<UserEntry>().Where(message => !message.IsReplaced)
        .Select(message => JsonElement.Parse(message.Content).GetProperty("steps")[0].GetProperty("say").GetString()!);

    private static string Shown((string, System.Net.Http.Headers.AuthenticationHeaderValue?, JsonElement Body) request) =>
        string.Join('|', request.Body.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").ToString()));
}
