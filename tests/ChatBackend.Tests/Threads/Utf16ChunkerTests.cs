using ChatBackend.Threads.Publishing;

namespace ChatBackend.Tests.Threads;

public sealed class Utf16ChunkerTests
{
    private const char High = '\uD83D';
    private const char Low = '\uDE00';

    [Fact]
    public void However_text_is_cut_no_piece_ends_inside_a_pair_and_together_they_are_the_text()
    {
        const string text = "a😀é漢😀😀z";
        for (var first = 0; first <= text.Length; first++)
        {
            for (var second = first; second <= text.Length; second++)
            {
                var pieces = new Utf16Chunker();
                string[] whole = [pieces.Next(text[..first]), pieces.Next(text[first..second]), pieces.Next(text[second..])];

                string.Concat(whole).Should().Be(text);
                whole.Where(IsTorn).Should().BeEmpty();
            }
        }
    }

    [Fact]
    public void Half_a_pair_that_stands_alone_is_replaced_at_once()
    {
        Next($"a{Low}b").Should().Equal("a\uFFFDb");
        Next($"{High}b").Should().Equal("\uFFFDb");
        Next($"{High}{High}{Low}").Should().Equal("\uFFFD😀");
        Next($"a{High}", "b").Should().Equal("a", "\uFFFDb");
        Next($"a{High}", $"{High}", $"{Low}").Should().Equal("a", "\uFFFD", "😀");
        Next($"a{High}", "", "b").Should().Equal("a", "", "\uFFFDb");
    }

    [Fact]
    public void Text_without_pairs_is_left_as_it_is() => Next("plain", "漢字", "").Should().Equal("plain", "漢字", "");

    private static bool IsTorn(string piece) => piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0]));

    private static IEnumerable<string> Next(params string[] text)
    {
        var pieces = new Utf16Chunker();
        return [.. text.Select(pieces.Next)];
    }
}
