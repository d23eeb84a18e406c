using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>In which order a search gives what it finds, page by page, and which texts do not count any more.</summary>
public sealed class SearchPagesTests : OpenLog
{
    private const int Window = 256;

    [Theory]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(Window)]
    [InlineData(1000)]
    public async Task Of_the_newest_the_best_come_first_and_then_those_before(int page)
    {
        const int Texts = 300;
        await Writer.WriteTextAsync([.. Enumerable.Range(1, Texts).Select(i => i % 3 == 0 ? $"white whale {i}" : $"white big whale {i}")]);
        await Host.CatchUpAsync();
        var seen = new List<long>();
        SearchPosition? after = null;
        do
        {
            var found = await Host.Log.SearchAsync(Writer.Owner, "white whale", null, after, page, Cancelled);
            found.Hits.Count.Should().BeLessThanOrEqualTo(page);
            seen.AddRange(found.Hits.Select(hit => hit.Seq));
            after = found.Next;
        }
        while (after is not null);

        long[] Ranked(int oldest, int newest) =>
            [.. Enumerable.Range(oldest, newest - oldest + 1).OrderBy(i => i % 3 == 0 ? 0 : 1).ThenByDescending(i => i).Select(i => (long)i)];
        seen.Should().Equal([.. Ranked(Texts - Window + 1, Texts), .. Ranked(1, Texts - Window)]);
    }

    [Fact]
    public async Task A_page_that_takes_all_has_no_next_and_one_that_does_not_says_where_it_ended()
    {
        await Writer.WriteTextAsync("plums 1", "plums 2", "plums 3");
        await Host.CatchUpAsync();

        (await SearchAsync(3)).Next.Should().BeNull();
        var two = await SearchAsync(2);
        var next = two.Next!.Value;
        (next.Top, next.Bottom, next.Event).Should().Be((3, 1, 2));
        (await SearchAsync(2, next)).Hits.Select(hit => hit.Seq).Should().Equal(1);
    }

    [Fact]
    public async Task Only_threads_of_the_kind_that_is_asked_for_are_searched()
    {
        var archived = LogWriter.OfNewThread(Host.Log, Writer.Owner);
        await Writer.AppendAsync(Writer.Next() with { Title = "Fruit", Events = [Said(Writer, "plums here")] });
        await archived.WriteTextAsync("plums there");
        await Host.Log.ArchiveAsync(Writer.Owner, archived.Thread, true, Cancelled);
        await Host.CatchUpAsync();

        var hit = (await SearchAsync(10, isArchived: false)).Hits.Should().ContainSingle().Subject;
        (hit.Thread, hit.Title, hit.Seq, hit.At, hit.Excerpt.Text).Should().Be((Writer.Thread, "Fruit", 1, LogWriter.At, "plums here"));
        (await SearchAsync(10, isArchived: true)).Hits.Should().ContainSingle().Which.Should().Match<FoundText>(found => found.Thread == archived.Thread && found.Title == null);
        (await SearchAsync(10)).Hits.Should().HaveCount(2);
    }

    [Fact]
    public async Task What_stands_between_a_rewind_and_its_place_is_replaced_and_nothing_beside_it()
    {
        await Writer.WriteTextAsync("plums 1", "plums 2", "plums 3");
        await AppendAsync(new ThreadRewound { ToSeq = 1 });
        await Writer.WriteTextAsync("plums 5");
        await Host.CatchUpAsync();

        (await SearchAsync(10)).Hits.Select(hit => hit.Seq).Should().Equal(5, 1);
    }

    [Fact]
    public async Task What_answers_a_replaced_message_is_replaced_too_from_where_the_run_took_it_in()
    {
        var (run, other) = (RunId.New(), RunId.New());
        var (first, late, others) = (MessageId.New(), MessageId.New(), MessageId.New());
        await AppendAsync(new UserMessage { MessageId = first, Content = "hello", ClientId = ClientFrameId.New() });
        await AppendAsync(Started(run, first));
        await AppendAsync(Part(run, "plums early"));
        await AppendAsync(new UserMessage { MessageId = late, Content = "and now", ClientId = ClientFrameId.New() });
        await AppendAsync(new UserMessage { MessageId = others, Content = "and then", ClientId = ClientFrameId.New() });
        await AppendAsync(Part(run, "plums before"));
        await AppendAsync(new MessageSteered { RunId = run, MessageId = late });
        await AppendAsync(Part(run, "plums late"));
        await AppendAsync(Started(other, others));
        await AppendAsync(Part(other, "plums of another"));
        await AppendAsync(new MessageRemoved { MessageId = late });
        await AppendAsync(Part(run, "plums after"));
        await Host.CatchUpAsync();
        (await SearchAsync(10)).Hits.Select(hit => hit.Seq).Should().BeEquivalentTo([10L, 6L, 3L]);

        await Writer.AppendAsync(Writer.Next() with { Events = [Writer.Event(new ThreadRewound { ToSeq = 3 }) with { ReplacesAfter = 3 }] });

        (await SearchAsync(10)).Hits.Select(hit => hit.Seq).Should().BeEquivalentTo([6L, 3L]);
    }

    private static AgentStarted Started(RunId run, MessageId message) => new() { RunId = run, Agent = "demo", MessageId = message };

    private static AgentPart Part(RunId run, string text) => new() { RunId = run, PartId = PartId.New(), Kind = PartKind.Text, Text = text };

    private static LogEvent Said(LogWriter writer, string text) =>
        writer.Event(new UserMessage { MessageId = MessageId.New(), Content = text, ClientId = ClientFrameId.New() });

    private Task<AppendResult> AppendAsync(ThreadEvent draft) => Writer.AppendAsync(Writer.Next() with { Events = [Writer.Event(draft)] });

    private Task<FoundPage> SearchAsync(int max, SearchPosition? after = null, bool? isArchived = null) =>
        Host.Log.SearchAsync(Writer.Owner, "plums", isArchived, after, max, Cancelled);
}
