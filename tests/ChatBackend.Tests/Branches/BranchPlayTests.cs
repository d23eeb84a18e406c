using System.Text.Json;
using System.Text.RegularExpressions;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Runs;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Tests.Branches;

/// <summary>Random edits, regenerations, choices, steers and stops over a socket, with a restart between: all that shows a thread shows the branch that a naive tree says is active.</summary>
[Trait("failure", "N1")]
public sealed partial class BranchPlayTests
{
    private const int Steps = 50;

    private readonly List<JsonElement> _asked = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_is_chosen_everything_shows_the_branch_that_is_active(int seed)
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-branches-");
        try
        {
            var play = new BranchPlay(new Random(seed));
            for (var half = 0; half < 2; half++)
            {
                await using var server = await HistoryServer.StartAsync(ReplyAsync, data, ("Runs:HistoryEvents", "5000"));
                await play.RunAsync(server.Chat, Steps);
                _asked.AddRange(server.Asked);
            }

            await using (var last = await HistoryServer.StartAsync(ReplyAsync, data, ("Runs:HistoryEvents", "5000")))
            {
                await CheckAsync(last, play, seed);
            }

            var output = new StringWriter();
            LogCheck.Run(data.FullName, output).Should().Be(0, output.ToString());
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private async Task CheckAsync(HistoryServer server, BranchPlay play, int seed)
    {
        var events = await server.EventsAsync(play.Thread);
        events.OfType<BranchSelected>().Should().HaveCountGreaterThan(4);
        events.OfType<BranchSelected>().Should().Contain(chosen => chosen.Restored.Count > 1 || chosen.ToSeq > 0, "some go back to a branch that was left in the middle");
        var tree = EachEventAgrees(events, seed);
        EachRunWasShownItsBranch(events, seed);
        foreach (var run in events.OfType<AgentStarted>().Where(run => run.Agent == HistoryServer.Helper))
        {
            (await server.FromLogAsync(play.Thread, run)).Should().Be(await server.FromAllAsync(events, run), "seed {0}, run {1} from the log", seed, run.Seq);
        }

        var rest = await server.Chat.RestAsync(play.Guest);
        var said = tree.Said(events).ToList();
        await ExportAgreesAsync(rest, play.Thread, tree, said, seed);
        await server.Chat.CatchUpSearchAsync();
        foreach (var word in events.SelectMany(Words).Distinct())
        {
            var hits = (await rest.GetAsync($"/api/threads?query={word}")).GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("seq").GetInt64());
            hits.Order().Should().Equal(said.Where(one => Word().Matches(one.Text).Any(match => match.Value == word)).Select(one => one.Event.Seq), "seed {0}, search for {1}", seed, word);
        }

        await using var fresh = await server.Chat.ConnectAsync(play.Guest);
        TranscriptAgrees((await fresh.Connection.FollowAsync(play.Thread).Soon()).Transcript, events, tree, seed);
    }

    private static BranchTree EachEventAgrees(List<ThreadEvent> events, int seed)
    {
        var (tree, path) = (new BranchTree(), new ActivePath());
        foreach (var threadEvent in events)
        {
            tree.Add(threadEvent);
            path.Apply(threadEvent);
            if (threadEvent is not ThreadRewound) // its message comes directly after
            {
                tree.Messages.Where(message => path.Contains(message.Seq)).Select(message => message.MessageId)
                    .Should().BeEquivalentTo(tree.Path, "seed {0}, after event {1}", seed, threadEvent.Seq);
            }
        }

        return tree;
    }

    private void EachRunWasShownItsBranch(List<ThreadEvent> events, int seed)
    {
        var texts = events.OfType<UserMessage>().ToDictionary(message => message.Content, message => message.MessageId);
        var runs = events.OfType<AgentStarted>().ToDictionary(run => run.MessageId);
        var shown = _asked.Select(asked => asked.GetProperty("messages").EnumerateArray().SelectMany(message => HistoryServer.TextOf(message).Split("\n\n")).Where(text => text.Length > 0).ToList())
            .Select(shown => (Run: shown.AsEnumerable().Reverse().Where(texts.ContainsKey).Select(text => runs.GetValueOrDefault(texts[text])).First(run => run is not null)!, Shown: shown))
            .DistinctBy(request => request.Run.RunId).ToList();
        shown.Should().HaveCountGreaterThan(Steps / 2);
        foreach (var (run, texts_) in shown)
        {
            var before = events.TakeWhile(threadEvent => threadEvent.Seq < run.Seq).ToList();
            var expected = BranchTree.Of(before).Conversation(before, run).ToList();
            texts_.Take(expected.Count).Should().Equal(expected, "seed {0}, run {1}", seed, run.Seq);
        }
    }

    private static async Task ExportAgreesAsync(
        RestClient rest, ThreadId thread, BranchTree tree, List<(ThreadEvent Event, MessageId Question, string Text)> said, int seed)
    {
        var replaced = (await rest.GetAsync($"/api/threads/{thread}/export")).GetProperty("replaced").EnumerateArray()
            .Select(span => (After: span.GetProperty("after_seq").GetInt64(), Before: span.GetProperty("before_seq").GetInt64())).ToList();
        tree.Messages.Where(message => !replaced.Exists(span => message.Seq > span.After && message.Seq < span.Before)).Select(message => message.MessageId)
            .Should().BeEquivalentTo(tree.Path, "seed {0}, export as JSON", seed);
        using var markdown = await rest.SendAsync(HttpMethod.Get, $"/api/threads/{thread}/export?format=markdown");
        var exported = await markdown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Word().Matches(exported).Select(match => match.Value).Should().Equal(said.SelectMany(one => Word().Matches(one.Text).Select(match => match.Value)), "seed {0}, export as Markdown", seed);
    }

    private static void TranscriptAgrees(ThreadTranscript transcript, List<ThreadEvent> events, BranchTree tree, int seed)
    {
        var path = tree.Path;
        transcript.Entries.OfType<UserEntry>().Where(message => !message.IsReplaced).Select(message => message.MessageId).Should().BeEquivalentTo(path, "seed {0}", seed);
        transcript.Entries.OfType<UserEntry>().Should().NotContain(message => message.IsWaiting, "seed {0}", seed);
        foreach (var message in tree.Messages)
        {
            transcript.VersionsOf(message.MessageId).Should().Equal(tree.Versions(message.MessageId), "seed {0}, versions of {1}", seed, message.MessageId);
        }

        foreach (var run in transcript.Entries.OfType<RunEntry>())
        {
            run.IsReplaced.Should().Be(!path.Contains(run.Answers!.Value), "seed {0}, {1}", seed, run.RunId);
            var tail = run.Items.TakeWhile(item => item is not SteeredItem steered || path.Contains(steered.MessageId)).Count();
            run.ReplacedFrom.Should().Be(tail == run.Items.Count ? null : tail, "seed {0}, {1}", seed, run.RunId);
        }

        events.OfType<AgentStarted>().Should().HaveSameCount(transcript.Entries.OfType<RunEntry>());
    }

    /// <summary>Takes its time about some answers, so that messages meet a run that is open.</summary>
    private static async Task ReplyAsync(HttpContext context, JsonElement asked)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(4) == 0 ? 40 : 1), TimeProvider.System, context.RequestAborted);
        await HistoryServer.AnswerAsync(context, $"reply{HistoryServer.QuestionIn(asked)?["ask".Length..]}");
    }

    private static IEnumerable<string> Words(ThreadEvent threadEvent) => threadEvent switch
    {
        UserMessage message => [message.Content],
        AgentCompleted { Content: { Length: > 0 } content } => [content],
        AgentStopped { Content: { Length: > 0 } content } => [content],
        _ => [],
    };

    [GeneratedRegex(@"\b(ask|reply)\d+\b")]
    private static partial Regex Word();
}
