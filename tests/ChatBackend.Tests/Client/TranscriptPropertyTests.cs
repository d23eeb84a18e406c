using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

/// <summary>Random threads, seen whole and seen through random cuts. A failure names its seed.</summary>
public sealed class TranscriptPropertyTests
{
    private const int Threads = 300;
    private const int Steps = 60;

    [Fact]
    [Trait("failure", "P3")]
    [Trait("failure", "D15")]
    public void However_often_it_is_cut_off_and_whatever_comes_twice_the_transcript_is_the_same()
    {
        for (var seed = 0; seed < Threads; seed++)
        {
            var thread = new RandomThread(seed, Steps);
            var steady = new ThreadTranscript();
            thread.Frames.Should().OnlyContain(frame => steady.Apply(frame) == TranscriptChange.Applied, "seed {0}", seed);

            var cutOff = CutOff(thread, new Random(seed));

            cutOff.Cursor.Should().Be(steady.Cursor);
            Shown(cutOff).Should().Be(Shown(steady), "seed {0}", seed);
        }
    }

    [Fact]
    public void What_is_replaced_is_what_the_protocol_says()
    {
        var replacedMessages = 0;
        var replacedRuns = 0;
        var replacedTails = 0;
        for (var seed = 0; seed < Threads; seed++)
        {
            var thread = new RandomThread(seed, Steps);
            var transcript = new ThreadTranscript();
            foreach (var threadEvent in thread.Events)
            {
                transcript.Apply(threadEvent);
            }

            var replaced = thread.Events.OfType<ThreadRewound>()
                .SelectMany(rewound => thread.Events.OfType<UserMessage>().Where(message => message.Seq > rewound.ToSeq && message.Seq < rewound.Seq))
                .Select(message => message.MessageId)
                .ToHashSet();

            foreach (var message in transcript.Entries.OfType<UserEntry>())
            {
                message.IsReplaced.Should().Be(replaced.Contains(message.MessageId), "seed {0}, {1}", seed, message);
                replacedMessages += message.IsReplaced ? 1 : 0;
            }

            foreach (var run in transcript.Entries.OfType<RunEntry>())
            {
                run.IsReplaced.Should().Be(replaced.Contains(run.Answers!.Value), "seed {0}, {1}", seed, run);
                var tail = run.Items.TakeWhile(item => item is not SteeredItem steered || !replaced.Contains(steered.MessageId)).Count();
                run.ReplacedFrom.Should().Be(tail == run.Items.Count ? null : tail, "seed {0}, {1}", seed, run);
                replacedRuns += run.IsReplaced ? 1 : 0;
                replacedTails += run.ReplacedFrom is null ? 0 : 1;
            }
        }

        new[] { replacedMessages, replacedRuns, replacedTails }.Should().OnlyContain(count => count > 100);
    }

    [Fact]
    public void Every_message_comes_to_one_end_and_its_run_knows_it()
    {
        for (var seed = 0; seed < Threads; seed++)
        {
            var thread = new RandomThread(seed, Steps);
            var transcript = new ThreadTranscript();
            foreach (var threadEvent in thread.Events)
            {
                transcript.Apply(threadEvent);
            }

            foreach (var message in transcript.Entries.OfType<UserEntry>())
            {
                var isDropped = thread.Events.OfType<ThreadRewound>().Any(rewound => message.Seq > rewound.ToSeq && message.Seq < rewound.Seq);
                var ends = thread.Events.Where(threadEvent => threadEvent switch
                {
                    AgentStarted started => started.MessageId == message.MessageId,
                    MessageSteered steered => steered.MessageId == message.MessageId,
                    MessageRemoved removed => removed.MessageId == message.MessageId,
                    _ => false,
                }).ToList();
                message.State.Should().Be(
                    ends switch
                    {
                        [] => isDropped ? MessageState.Dropped : MessageState.Waiting,
                        [AgentStarted] => MessageState.Answered,
                        [MessageSteered] => MessageState.Steered,
                        [MessageRemoved] => MessageState.Removed,
                        _ => throw new InvalidOperationException($"seed {seed}"),
                    },
                    "seed {0}, {1}", seed, message);
                message.RunId.Should().Be((ends.FirstOrDefault() as RunEvent)?.RunId);
            }
        }
    }

    /// <summary>A follower that is cut off at random, comes back, follows from what it has, and is sent some frames twice.</summary>
    private static ThreadTranscript CutOff(RandomThread thread, Random random)
    {
        var transcript = new ThreadTranscript();
        var lengths = new Dictionary<PartId, int>();
        for (var at = 0; at < thread.Frames.Count;)
        {
            at = Math.Min(at + random.Next(1, 30), thread.Frames.Count);
            // It may say less than it has, as one does that saved its place a while ago.
            var cursor = Math.Max(0, transcript.Cursor - random.Next(3));
            Take(thread.Missed(at, cursor, part => lengths.GetValueOrDefault(part) * random.Next(3) / 2));
            var until = Math.Min(at + random.Next(30), thread.Frames.Count);
            Take(thread.Frames.Take(until).Skip(at));
            at = until;
        }

        return transcript;

        void Take(IEnumerable<ServerFrame> frames)
        {
            foreach (var frame in frames.ToList())
            {
                for (var times = random.Next(1, 3); times > 0; times--)
                {
                    transcript.Apply(frame).Should().NotBe(TranscriptChange.Missing);
                }

                if (frame is PartDelta delta)
                {
                    lengths[delta.PartId] = Math.Max(lengths.GetValueOrDefault(delta.PartId), delta.Offset + delta.Text.Length);
                }
            }
        }
    }

    private static string Shown(ThreadTranscript transcript) => transcript.Title + string.Join('\n', transcript.Entries.Select(entry => entry is RunEntry run
        ? JsonSerializer.Serialize(run with { Items = [] }) + string.Join('|', run.Items.Select(item => JsonSerializer.Serialize(item, item.GetType())))
        : JsonSerializer.Serialize(entry, entry.GetType())));
}
