using ChatBackend.Threads.Titles;

namespace ChatBackend.Tests.Threads;

/// <summary>A title shows what it says, and nothing in it works upon what stands beside it.</summary>
public sealed class TitleTextTests
{
    [Theory]
    [InlineData("invoice\u202Efdp.exe", "invoicefdp.exe")]
    [InlineData("a\u2066b\u2069c\u200Ed\u200Fe\u061Cf", "abcdef")]
    [InlineData("one\r\ntwo\u2028three\u2029four\0five\tsix", "one two three four five six")]
    [InlineData("\u200Bzero\u200B\u2060width\uFEFF", "zerowidth")]
    [InlineData("\u200D\u200Cjoin\u200D", "join")]
    [InlineData("👩\u200D👩\u200D👧 family", "👩\u200D👩\u200D👧 family")]
    [InlineData("می\u200Cخواهم", "می\u200Cخواهم")]
    [InlineData("🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F")]
    [InlineData("hidden\U000E0041\U000E0042", "hidden")]
    [InlineData("\u3164\u2800\u115F", "")]
    [InlineData("\u200B\u202E \u0301", "")]
    [InlineData("  plain   words ", "plain words")]
    [InlineData("a\u200D b", "a b")]
    [InlineData("a \u200Db", "a b")]
    [InlineData("a\u200D\u200Bb\u200Dc", "a\u200Db\u200Dc")]
    [InlineData("x\U000E0067y", "xy")]
    [InlineData("🏴x\U000E0067", "🏴x")]
    [InlineData("🏴\u200B\U000E0067", "🏴")]
    [InlineData("a\u034Fb\u1160c\u17B4d\uFFA0e\U000E0FFFf", "abcdef")]
    [InlineData("\u0600\u06DD\u070F\u08E2\U000110BDa", "\u0600\u06DD\u070F\u08E2\U000110BDa")]
    [InlineData("\u0600", "")]
    [InlineData("\U000E0067a", "a")]
    [InlineData("\u20E3", "")]
    [InlineData("e\u0301", "e\u0301")]
    [InlineData("\u0301e", "\u0301e")]
    public void It_is_free_of_what_cannot_be_seen(string given, string title) => TitleText.Clean(given).Should().Be(title);

    [Fact]
    public void Half_a_character_shows_as_one_that_is_not_known() => TitleText.Clean("half \uD83D of it").Should().Be("half \uFFFD of it");

    [Theory]
    [InlineData("👩\u200D👩\u200D👧\u200D👦")]
    [InlineData("🇨🇭")]
    [InlineData("e\u0301")]
    [InlineData("👍🏽")]
    public void It_is_cut_between_what_is_drawn_as_one_character(string cluster)
    {
        for (var before = 40; before < 60; before++)
        {
            var title = ThreadTitle.From(new string('x', before) + string.Concat(Enumerable.Repeat(cluster, 20)))!;

            title.Length.Should().BeLessThanOrEqualTo(ThreadTitle.MaxLength);
            title.Should().EndWith("…");
            var rest = title[before..^1];
            rest.Should().Be(string.Concat(Enumerable.Repeat(cluster, rest.Length / cluster.Length)));
        }
    }
}
