using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Runs.HistoryServer;

namespace ChatBackend.Tests.Runs;

/// <summary>Whatever happens to a thread, each run is shown from memory what the log says it should be.</summary>
public sealed class HistoryPlayTests
{
    private const int Steps = 80;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task What_a_model_is_shown_from_memory_is_what_the_log_shows(int seed)
    {
        await using var server = await StartAsync(PlayedAsync, null, ("Runs:HistoryEvents", "24"));
        await using var client = await server.Chat.ConnectAsync(configure: options => options with { FirstBackoff = TimeSpan.FromMilliseconds(10) });
        var random = new Random(seed);
        var thread = (await client.Connection.ChatAsync("q0").Soon()).ThreadId!.Value;
        server.Log.FaultOf = _ => Random.Shared.Next(60) switch { 0 => AppendFault.Before, 1 => AppendFault.After, _ => null };

        await new Play(client, thread, random).RunAsync();
        server.Log.FaultOf = _ => null;
        await EndAsync(client, thread);

        var events = await server.EventsAsync(thread);
        var started = events.OfType<AgentStarted>().Where(started => started.Agent == Helper).ToDictionary(started => started.MessageId);
        var texts = events.OfType<UserMessage>().ToDictionary(message => message.Content, message => message.MessageId);
        var first = server.Asked.Zip(server.Shown)
            .Select(request => (Run: RunOf(request.First), Shown: request.Second))
            .DistinctBy(request => request.Run)
            .ToList();
        first.Should().HaveCountGreaterThan(Steps / 4);
        events.OfType<BranchSelected>().Should().NotBeEmpty();
        foreach (var (run, shown) in first)
        {
            var expected = await server.FromAllAsync(events, run);
            var begins = expected[..^"\"}".Length];
            shown.Should().StartWith(begins, "run {0} of the message at {1} is shown what all of the log says", run.Seq, run.MessageId);
            shown[begins.Length..].Should().NotContain("\n", "only messages that entered come after it, and they are of one message with the question");
            (await server.FromLogAsync(thread, run)).Should().Be(expected);
        }

        AgentStarted RunOf(JsonElement asked) => asked.GetProperty("messages").EnumerateArray().Reverse()
            .Where(message => message.GetProperty("role").GetString() == "user")
            .SelectMany(message => TextOf(message).Split("\n\n").Reverse())
            .Select(text => started.GetValueOrDefault(texts[text]))
            .First(run => run is not null)!;
    }

    /// <summary>Answers, now and then calls a tool before, and takes its time about it.</summary>
    private static async Task PlayedAsync(HttpContext context, JsonElement asked)
    {
        var question = QuestionIn(asked);
        var chance = Random.Shared.Next(8);
        if (chance < 4)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5 * (chance + 1)), TimeProvider.System, context.RequestAborted);
        }

        await (question is not null && chance % 3 == 0 ? CallAsync(context, $"call_{question}") : AnswerAsync(context, $"answer to {question}"));
    }

    private static async Task EndAsync(TestClient client, ThreadId thread)
    {
        await client.Connection.FollowAsync(thread).Soon();
        var last = await client.Connection.ChatAsync("the end", thread).Soon();
        var started = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == last.MessageId);
        await client.EndOfAsync(started.RunId);
    }

    private sealed class Play(TestClient client, ThreadId thread, Random random)
    {
        private readonly List<MessageId> _messages = [];

        public async Task RunAsync()
        {
            for (var step = 1; step <= Steps; step++)
            {
                try
                {
                    await StepAsync(step).Soon();
                }
                catch (ChatErrorException)
                {
                    // what it asked for was over, or not there
                }

                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(30)), TimeProvider.System, TestContext.Current.CancellationToken);
            }
        }

        private async Task StepAsync(int step)
        {
            switch (random.Next(12))
            {
                case 0 when random.Next(2) == 0:
                    // More than a thread keeps of its last events: what the next run missed is in the log only.
                    await client.Connection.ChatAsync($"d{step}{new string('x', 70_000)}", thread, "demo").Soon();
                    break;
                case 0:
                    await client.Connection.ChatAsync($"What is {step} * 2?", thread, "demo").Soon();
                    break;
                case 1:
                    await client.Connection.StopAsync(thread).Soon();
                    break;
                case 2 when _messages.Count > 0:
                    await client.Connection.StopAsync(thread, message: Any(4)).Soon();
                    break;
                case 3 or 4 when _messages.Count > 0:
                    await WriteTextAsync(step, How(), Any(random.Next(4) == 0 ? 20 : 3));
                    break;
                case 5:
                    await client.Connection.UnfollowAsync(thread).Soon();
                    break;
                case 6 or 7 when _messages.Count > 0:
                    await client.Connection.SelectBranchAsync(thread, Any(20)).Soon();
                    break;
                default:
                    await WriteTextAsync(step, How(), null);
                    break;
            }
        }

        private async Task WriteTextAsync(int step, WhenRunning how, MessageId? replaces)
        {
            var ack = await client.Connection.ChatAsync($"q{step}", thread, whenRunning: how, replaces: replaces).Soon();
            _messages.Add(ack.MessageId!.Value);
        }

        private WhenRunning How() => random.Next(6) switch { 0 or 1 => WhenRunning.Steer, 2 => WhenRunning.Interrupt, _ => WhenRunning.Queue };

        private MessageId Any(int ofLast) => _messages[^random.Next(1, Math.Min(ofLast, _messages.Count) + 1)];
    }
}
