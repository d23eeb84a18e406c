using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Titles;

namespace ChatBackend.Tests.Threads;

/// <summary>A thread without a title gets one with its first answer, and never loses one that a user gave it.</summary>
public sealed class AutoTitleTests
{
    [Fact]
    public async Task The_first_answer_titles_the_thread_by_its_message_in_the_same_commit()
    {
        await using var server = new ChatServer(("Threads:AutoTitle", "true"));
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("\n  What   is\t6 * 7?\nI wonder.").Soon();
        var end = await client.EndOfAsync(ack);
        var renamed = await client.Frames.UntilAsync<ThreadRenamed>();

        renamed.Title.Should().Be("What is 6 * 7?");
        renamed.By.Should().Be(RenamedBy.Agent);
        (renamed.Seq, renamed.At).Should().Be((end.Seq + 1, end.At));
        await client.EndOfAsync(await client.Connection.ChatAsync("And 6 * 8?", ack.ThreadId).Soon());
        client.Frames.All().OfType<ThreadRenamed>().Should().ContainSingle();
    }

    [Fact]
    public async Task A_title_given_by_a_user_stays_also_when_both_happen_at_once()
    {
        await using var server = new ChatServer(("Threads:AutoTitle", "true"));
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        for (var i = 0; i < 20; i++)
        {
            var ack = await client.PlayAsync($$"""{"steps":[{"wait_ms":{{i % 5}}},{"say":"automatic"}]}""");
            await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{ack.ThreadId}", """{"title":"By hand"}""");
            await client.EndOfAsync(ack);

            (await rest.GetAsync($"/api/threads/{ack.ThreadId}")).GetProperty("title").GetString().Should().Be("By hand");
        }
    }

    [Fact]
    public async Task A_thread_that_was_at_rest_knows_its_title()
    {
        await using var server = new ChatServer(("Threads:AutoTitle", "true"));
        var rest = await server.RestAsync();
        var thread = await rest.CreateAsync("By hand");

        // Nobody follows it: the grain has let go of it, and reads again what it must know.
        await using var client = await server.ConnectAsync(rest.Guest);
        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"automatic"}]}""", thread));

        (await rest.GetAsync($"/api/threads/{thread}")).GetProperty("title").GetString().Should().Be("By hand");
    }

    [Theory]
    [InlineData("Hello", "Hello")]
    [InlineData("  \r\n \t\n  second   line \n third", "second line")]
    [InlineData("\u0000\u0007bell\u0007rings", "bell rings")]
    [InlineData("   ", null)]
    [InlineData("", null)]
    [InlineData("aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb ccccccccccccccccccc d", "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb ccccccccccccccccccc…")]
    [InlineData("aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb cccccccccccccccccccc", "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb cccccccccccccccccccc")]
    [InlineData("aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb ccccccccccccccccccccc", "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb…")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…")]
    [InlineData("a bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "a…")]
    public void A_title_is_one_line_that_is_cut_at_a_word(string text, string? title) => ThreadTitle.From(text).Should().Be(title);

    [Fact]
    public void Of_a_line_that_is_very_long_only_its_beginning_is_looked_at()
    {
        ThreadTitle.From(new string('\u200B', 479) + "a").Should().Be("a");
        ThreadTitle.From(new string('\u200B', 480) + "a").Should().BeNull();
        ThreadTitle.From(new string(' ', 480) + "a\nnext").Should().Be("next");
    }

    [Theory]
    [InlineData(57)]
    [InlineData(58)]
    [InlineData(59)]
    [InlineData(60)]
    public void A_title_never_ends_in_half_a_character(int before)
    {
        var title = ThreadTitle.From(new string('x', before) + "🕤🕤🕤🕤")!;

        title.Length.Should().BeLessThanOrEqualTo(60);
        title.Should().EndWith("…");
        char.IsHighSurrogate(title[^2]).Should().BeFalse();
    }
}
