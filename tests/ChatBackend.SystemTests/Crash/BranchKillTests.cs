using System.Net.Http.Headers;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Crash;

/// <summary>A branch that was chosen and an answer that was rated, with the server dead by <c>kill -9</c> the moment they were acknowledged.</summary>
public sealed class BranchKillTests
{
    [Fact]
    [Trait("failure", "N1")]
    [Trait("failure", "N2")]
    [Trait("failure", "N9")]
    public async Task What_was_chosen_and_rated_before_a_kill_is_so_after_it_and_sent_again_it_has_no_second_effect()
    {
        using var data = new TestDirectory();
        var server = await ServerProcess.StartAsync(ServerSettings.Scripted with { DataDirectory = data.Path });
        try
        {
            var guest = await server.GuestAsync();
            var (choice, rating) = (ClientFrameId.New(), ClientFrameId.New());
            Ack first, edited, chosen, rated;
            AgentCompleted answer;
            await using (var client = await server.ConnectAsync(guest))
            {
                first = await client.ChatAsync(Scenario.Of(Scenario.Say("first")), agent: Scenario.Agent).Soon();
                var follower = client.FollowerOf(first.ThreadId!.Value);
                answer = (AgentCompleted)await follower.WaitForRunEndAsync(first.RunId!.Value).Soon();
                edited = await client.ChatAsync(Scenario.Of(Scenario.Say("edited")), first.ThreadId, Scenario.Agent, replaces: first.MessageId).Soon();
                await follower.WaitForRunEndAsync(edited.RunId!.Value).Soon();
                chosen = await client.SelectBranchAsync(first.ThreadId!.Value, first.MessageId!.Value, choice).Soon();
                rated = await client.GiveFeedbackAsync(first.ThreadId!.Value, answer.MessageId, FeedbackRating.Up, "good", rating).Soon();
                await server.KillAsync();
                client.Abort();
            }

            var successor = server.Successor;
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(successor);
            await using var again = await server.ConnectAsync(guest);
            (await again.SelectBranchAsync(first.ThreadId!.Value, first.MessageId!.Value, choice).Soon()).Should().Be(chosen with { Status = AckStatus.Duplicate });
            (await again.GiveFeedbackAsync(first.ThreadId!.Value, answer.MessageId, FeedbackRating.Up, "good", rating).Soon()).Should().Be(rated with { Status = AckStatus.Duplicate });

            using var http = new HttpClient { BaseAddress = server.Http };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guest.Token);
            var exported = JsonElement.Parse(await http.GetStringAsync(new Uri($"/api/threads/{first.ThreadId}/export", UriKind.Relative)).Soon());
            var types = exported.GetProperty("events").EnumerateArray().Select(threadEvent => threadEvent.GetProperty("type").GetString()).ToList();
            types.Count(type => type == "branch_selected").Should().Be(1);
            types.Count(type => type == "feedback_given").Should().Be(1);
            exported.GetProperty("replaced").EnumerateArray().Should().ContainSingle(span =>
                span.GetProperty("after_seq").GetInt64() >= first.Seq && span.GetProperty("before_seq").GetInt64() > edited.Seq);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
