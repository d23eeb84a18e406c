using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Contracts;

public abstract partial class EventLogContract
{
    [Fact]
    [Trait("failure", "P4")]
    public async Task A_command_sent_twice_has_one_effect_and_the_first_answer()
    {
        var writer = LogWriter.OfNewThread(Log);
        await writer.AppendAsync(writer.Next("once") with { Command = LogWriter.Command(writer.Owner, "c1", "first ack") });

        var again = await writer.AppendAsync(writer.Next("twice") with { Command = LogWriter.Command(writer.Owner, "c1", "second ack") });

        AckOf(again).Should().Be("first ack");
        (await writer.ReadTextsAsync()).Should().Equal("once");
    }

    [Fact]
    [Trait("failure", "P4")]
    public async Task A_retry_that_would_start_another_thread_starts_none()
    {
        var user = UserId.New();
        var first = LogWriter.OfNewThread(Log, user);
        var retry = LogWriter.OfNewThread(Log, user);
        await first.AppendAsync(first.Next("hello") with { Command = LogWriter.Command(user, "c1", "first") });

        var again = await retry.AppendAsync(retry.Next("hello") with { Command = LogWriter.Command(user, "c1", "second") });

        AckOf(again).Should().Be("first");
        (await Log.OpenAsync(retry.Thread, Cancellation)).Should().BeNull();
    }

    [Fact]
    [Trait("failure", "P4")]
    public async Task A_retry_to_a_writer_that_lost_its_thread_still_learns_what_became_of_the_first()
    {
        var old = LogWriter.OfNewThread(Log);
        await old.AppendAsync(old.Next("x") with { Command = LogWriter.Command(old.Owner, "c1", "first") });
        await old.TakeOverAsync();

        AckOf(await old.AppendAsync(old.Next("x") with { Command = LogWriter.Command(old.Owner, "c1") })).Should().Be("first");
    }

    [Fact]
    [Trait("failure", "P4")]
    public async Task Of_twenty_copies_of_a_command_at_once_one_takes_effect()
    {
        var user = UserId.New();
        var writers = Enumerable.Range(0, 20).Select(_ => LogWriter.OfNewThread(Log, user)).ToArray();
        var results = await Task.WhenAll(writers.Select((writer, i) =>
            writer.AppendAsync(writer.Next("hello") with { Command = LogWriter.Command(user, "c1", $"{i}") })));

        var winner = Array.FindIndex(results, result => result is AppendResult.Appended);
        results.Where((_, i) => i != winner).Select(AckOf).Should().HaveCount(19).And.AllBe($"{winner}");
        (await Store.ListAsync(user, false, null, 100, Cancellation)).Threads.Should().ContainSingle();
    }

    [Fact]
    public async Task The_same_id_of_two_users_is_two_commands()
    {
        var (one, two) = (LogWriter.OfNewThread(Log), LogWriter.OfNewThread(Log));
        await one.AppendAsync(one.Next("x") with { Command = LogWriter.Command(one.Owner, "c1") });

        (await two.AppendAsync(two.Next("x") with { Command = LogWriter.Command(two.Owner, "c1") })).Should().Be(AppendResult.Appended.Instance);
    }

    [Fact]
    public async Task A_refused_append_leaves_nothing_of_its_command()
    {
        var old = await LogWriter.StartAsync(Log);
        await old.TakeOverAsync();
        await old.AppendAsync(old.Next("x") with { Command = LogWriter.Command(old.Owner, "c1") });

        (await Log.FindCommandAsync(old.Owner, new ClientFrameId("c1"), Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task A_command_is_found_with_its_digest_and_answer()
    {
        var writer = LogWriter.OfNewThread(Log);
        var digest = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        await writer.AppendAsync(writer.Next("x") with { Command = LogWriter.Command(writer.Owner, "c1", "ack") with { Digest = digest } });

        var found = await Log.FindCommandAsync(writer.Owner, new ClientFrameId("c1"), Cancellation);

        found!.Digest.ToArray().Should().Equal(digest);
        Encoding.UTF8.GetString(found.Ack.Span).Should().Be("ack");
    }

    private static string AckOf(AppendResult result) =>
        Encoding.UTF8.GetString(result.Should().BeOfType<AppendResult.CommandKnown>().Which.Earlier.Ack.Span);
}
