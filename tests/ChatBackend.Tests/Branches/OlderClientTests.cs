using System.Text;
using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Branches;

/// <summary>A client that was written before there were branches and feedback.</summary>
[Trait("failure", "N12")]
public sealed class OlderClientTests
{
    [Fact]
    public async Task Events_it_does_not_know_move_its_cursor_and_change_nothing()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        const string hello = """{"steps":[{"say":"hello"}]}""";
        var first = await client.PlayAsync(hello);
        var thread = first.ThreadId!.Value;
        var answer = (AgentCompleted)await client.EndOfAsync(first);
        await client.EndOfAsync(await client.PlayAsync(hello, thread, replaces: first.MessageId));
        await client.Connection.SelectBranchAsync(thread, first.MessageId!.Value).Soon();
        await client.Connection.GiveFeedbackAsync(thread, answer.MessageId, FeedbackRating.Up, "good").Soon();
        await client.EndOfAsync(await client.PlayAsync(hello, thread));
        var page = await (await server.RestAsync(client.Guest)).GetAsync($"/api/threads/{thread}/events");

        var transcript = new ThreadTranscript();
        var unknown = 0;
        foreach (var json in page.GetProperty("events").EnumerateArray().Select(threadEvent => threadEvent.GetRawText()))
        {
            // To it the two are what a later version's events are to this client.
            var frame = ServerFrameReader.Read(Encoding.UTF8.GetBytes(json.Replace("branch_selected", "of_a_later_version").Replace("feedback_given", "of_a_later_version")));
            unknown += frame is UnknownEvent ? 1 : 0;
            transcript.Apply(frame).Should().Be(TranscriptChange.Applied);
        }

        unknown.Should().Be(2);
        transcript.Cursor.Should().Be(page.GetProperty("events").GetArrayLength());
        transcript.Entries.OfType<UserEntry>().Select(message => message.IsReplaced).Should().Equal(true, false, false);
        transcript.Entries.OfType<RunEntry>().Should().OnlyContain(run => run.Feedback == null);
    }
}
