using ChatBackend.Protocol;

namespace ChatBackend.Tests.Branches;

/// <summary>The last rewind or choice that reaches back to before a message decides whether it counts.</summary>
[Trait("failure", "N1")]
public sealed class ActivePathTests
{
    [Fact]
    public void What_is_restored_counts_and_what_came_after_it_does_not()
    {
        var path = Path(Rewound(20, 9), Selected(30, 9, (9, 20)));

        Counting(path, 40).Should().Equal(Enumerable.Range(1, 19).Concat(Enumerable.Range(30, 11)).Select(seq => (long)seq));
        path.Replaced.Should().Equal(Span(19, 30));
        path.Seq.Should().Be(30);
    }

    [Fact]
    public void What_was_replaced_before_the_place_stays_so_though_the_place_lies_inside_of_it()
    {
        var path = Path(Rewound(20, 4), Selected(30, 10, (10, 15)));

        Counting(path, 40).Should().Equal(Enumerable.Range(1, 4).Concat(Enumerable.Range(11, 4)).Concat(Enumerable.Range(30, 11)).Select(seq => (long)seq));
    }

    [Fact]
    public void A_copy_is_not_changed_by_what_comes_later()
    {
        var path = Path(Rewound(20, 9));
        var copy = path.Copy();

        path.Apply(Rewound(30, 0)).Should().BeTrue();
        path.Apply(new MessageRemoved { MessageId = MessageId.New(), Seq = 31 }).Should().BeFalse();

        (copy.Seq, copy.Contains(5), path.Contains(5)).Should().Be((20, true, false));
    }

    [Fact]
    public void Whoever_has_the_newest_events_knows_it_of_all_messages_among_them()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var events = new List<ThreadEvent>();
            for (var seq = 1L; seq <= 200; seq++)
            {
                events.Add(random.Next(6) switch
                {
                    0 => Rewound(seq, random.NextInt64(Math.Max(0, seq - 50), seq)),
                    1 => Restored(random, seq),
                    _ => new UserMessage { MessageId = MessageId.New(), Content = "m", ClientId = ClientFrameId.New(), Seq = seq },
                });
            }

            var from = random.Next(100);
            var (whole, newest) = (Path([.. events]), Path([.. events.Skip(from)]));
            foreach (var message in events.OfType<UserMessage>())
            {
                var counts = Counts(events, message.Seq);
                whole.Contains(message.Seq).Should().Be(counts, "seed {0}, {1}", seed, message.Seq);
                if (message.Seq > from)
                {
                    newest.Contains(message.Seq).Should().Be(counts, "seed {0}, {1} from {2}", seed, message.Seq, from);
                }
            }

            whole.Replaced.Zip(whole.Replaced.Skip(1)).Should().NotContain(pair => pair.First.BeforeSeq > pair.Second.AfterSeq, "seed {0}", seed);
        }
    }

    private static bool Counts(List<ThreadEvent> events, long seq) => events.FindLast(change => change switch
    {
        ThreadRewound rewound => rewound.ToSeq < seq && seq < rewound.Seq,
        BranchSelected branch => branch.ToSeq < seq && seq < branch.Seq,
        _ => false,
    }) switch
    {
        null => true,
        BranchSelected branch => branch.Restored.Any(span => seq > span.AfterSeq && seq < span.BeforeSeq),
        _ => false,
    };

    private static BranchSelected Restored(Random random, long seq)
    {
        var to = random.NextInt64(Math.Max(0, seq - 80), seq);
        var (spans, after) = (new List<(long, long)>(), to);
        while (after + 2 < seq && random.Next(3) > 0)
        {
            var begins = random.NextInt64(after, seq - 2);
            after = random.NextInt64(begins + 2, seq + 1);
            spans.Add((begins, after));
        }

        return Selected(seq, to, [.. spans]);
    }

    private static ActivePath Path(params ThreadEvent[] events)
    {
        var path = new ActivePath();
        foreach (var threadEvent in events)
        {
            path.Apply(threadEvent);
        }

        return path;
    }

    private static IEnumerable<long> Counting(ActivePath path, int last) => Enumerable.Range(1, last).Select(seq => (long)seq).Where(path.Contains);

    private static ThreadRewound Rewound(long seq, long toSeq) => new() { Seq = seq, ToSeq = toSeq };

    private static BranchSelected Selected(long seq, long toSeq, params (long After, long Before)[] restored) =>
        new() { Seq = seq, MessageId = new MessageId("msg_1"), ToSeq = toSeq, Restored = [.. restored.Select(span => Span(span.After, span.Before))] };

    private static MessageSpan Span(long after, long before) => new() { AfterSeq = after, BeforeSeq = before };
}
