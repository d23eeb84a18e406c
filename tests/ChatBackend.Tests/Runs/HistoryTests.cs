using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads.Maintenance;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static ChatBackend.Tests.Runs.HistoryServer;

namespace ChatBackend.Tests.Runs;

/// <summary>A run adds to what the one before it was shown, and costs no more in a long thread than in a short one.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task A_thread_that_was_begun_here_is_never_read_from_the_log()
    {
        await using var server = await StartAsync(Answer);
        await using var client = await server.Chat.ConnectAsync();

        var first = await WriteTextAsync(client, "one", null);
        await WriteTextAsync(client, "two", first.ThreadId);
        await WriteTextAsync(client, "three", first.ThreadId);

        server.Log.Reads.Should().Be(0);
        server.Shown[^1].Split('\n').Should().HaveCount(5);
        (await server.Chat.GaugeAsync("chat_history_cache_usage_bytes")).Should().BePositive();
    }

    [Fact]
    public async Task A_thread_that_is_opened_again_is_read_once()
    {
        await using var server = await StartAsync(Answer);
        await using var client = await server.Chat.ConnectAsync();
        var thread = (await WriteTextAsync(client, "one", null)).ThreadId!.Value;
        await client.Connection.UnfollowAsync(thread).Soon();
        await server.Chat.UntilGaugeAsync("chat_history_cache_usage_bytes", 0);
        var before = server.Log.Reads;

        await WriteTextAsync(client, "two", thread);
        var once = server.Log.Reads;
        await WriteTextAsync(client, "three", thread);

        once.Should().Be(before + 2, "the writer reads the last event, the run what it shows");
        server.Log.Reads.Should().Be(once);
        server.Shown[^1].Split('\n').Should().HaveCount(5);
    }

    [Fact]
    public async Task A_message_that_enters_a_run_is_what_the_models_next_step_answers()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(async (context, request) =>
        {
            asked.TrySetResult();
            await gate.Task;
            await Answer(context, request);
        });
        await using var client = await server.Chat.ConnectAsync();
        var busy = await client.Connection.ChatAsync("one").Soon();
        await asked.Task.Soon();

        await client.Connection.ChatAsync("and two", busy.ThreadId, whenRunning: WhenRunning.Steer).Soon();
        gate.SetResult();

        await client.EndOfAsync(busy);
        server.Asked.Select(QuestionIn).Should().HaveCount(2).And.OnlyContain(question => question != null);
        QuestionIn(server.Asked[^1]).Should().Contain("and two");
    }

    [Fact]
    public async Task An_agent_that_looks_at_nothing_earlier_has_nothing_read_or_kept_for_it()
    {
        await using var server = await StartAsync(Answer);
        await using var client = await server.Chat.ConnectAsync();
        const string hello = """{"steps":[{"say":"hello"}]}""";
        var first = await client.PlayAsync(hello);
        await client.EndOfAsync(first);
        await client.Connection.UnfollowAsync(first.ThreadId!.Value).Soon();

        await client.EndOfAsync(await client.PlayAsync(hello, first.ThreadId));

        server.Log.Reads.Should().Be(1, "the writer reads the last event of a thread that it opens");
        (await server.Chat.GaugeAsync("chat_history_cache_usage_bytes")).Should().Be(0);
    }

    [Theory]
    [InlineData(AppendFault.Before)]
    [InlineData(AppendFault.After)]
    internal async Task An_answer_whose_commit_was_in_doubt_is_shown_once(AppendFault fault)
    {
        await using var server = await StartAsync(Answer);
        await using var client = await server.Chat.ConnectAsync();
        var thread = (await WriteTextAsync(client, "one", null)).ThreadId!.Value;
        var left = 1;
        server.Log.FaultOf = append => append.Command is null && Interlocked.Decrement(ref left) == 0 ? fault : null;

        await WriteTextAsync(client, "two", thread);
        await WriteTextAsync(client, "three", thread);

        var started = client.Frames.All().OfType<AgentStarted>().Last();
        server.Shown[^1].Should().Be(await server.FromLogAsync(thread, started)).And.Contain("\"two\"");
        server.Shown[^1].Split('\n').Should().HaveCount(5);
    }

    [Fact]
    public async Task What_was_deleted_or_let_go_of_is_in_no_memory()
    {
        await using var server = await StartAsync(Answer, null, ("Threads:RetainDays", "7"), ("Guests:TokenLifetime", "365.00:00:00"));
        await using var client = await server.Chat.ConnectAsync();
        var thread = (await WriteTextAsync(client, "ancient", null)).ThreadId!.Value;
        server.Chat.Clock.Shift += TimeSpan.FromDays(8);
        await WriteTextAsync(client, "young", thread);

        await server.Chat.Services.GetRequiredService<Retention>().TrimAsync(CancellationToken.None).Soon();
        await WriteTextAsync(client, "younger", thread);
        server.Shown[^1].Should().NotContain("ancient").And.Contain("young");

        await (await server.Chat.RestAsync(client.Guest)).SendAsync(HttpMethod.Delete, $"/api/threads/{thread}");
        (await server.Chat.GaugeAsync("chat_history_cache_usage_bytes")).Should().Be(0);
    }

    [Fact]
    public async Task A_run_that_waited_while_the_server_was_away_goes_on_with_all_it_was_shown_and_the_next_sees_what_was_replaced_meanwhile()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        (string, string)[] settings = [("Tools:calculator:Approval", "always")];
        GuestSession guest;
        Ack one, sum, instead;
        await using (var first = await StartAsync(Sum, data, settings))
        {
            await using var client = await first.Chat.ConnectAsync();
            guest = client.Guest;
            one = await WriteTextAsync(client, "one", null);
            sum = await client.Connection.ChatAsync("sum", one.ThreadId).Soon();
            await client.Frames.UntilAsync<ApprovalRequired>();
            instead = await client.Connection.ChatAsync("instead", one.ThreadId, replaces: one.MessageId).Soon();
        }

        await using (var second = await StartAsync(Sum, data, settings))
        {
            await using var client = await second.Chat.ConnectAsync(guest);
            await client.Connection.FollowAsync(one.ThreadId!.Value).Soon();
            var required = await client.Frames.UntilAsync<ApprovalRequired>();
            await client.Connection.DecideAsync(required, ApprovalDecision.Approve).Soon();
            await client.EndOfAsync(sum);
            var next = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == instead.MessageId);
            await client.EndOfAsync(next.RunId);

            var shown = second.Shown[0].Split('\n');
            shown.Should().HaveCount(5, "there are a question and its answer, the one that was resumed, its call and the result");
            shown[4].Should().Contain("42");
            second.Shown[1].Split('\n').Should().ContainSingle().Which.Should().Contain("instead");
        }

        data.Delete(recursive: true);
    }

    private static Task Sum(HttpContext context, JsonElement asked) => QuestionIn(asked) == "sum" ? CallAsync(context, "call_1") : Answer(context, asked);

    private static async Task<Ack> WriteTextAsync(TestClient client, string text, ThreadId? thread)
    {
        var ack = await client.Connection.ChatAsync(text, thread).Soon();
        (await client.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();
        return ack;
    }
}
