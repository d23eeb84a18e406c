using ChatBackend.Runs;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Runs;

/// <summary>What is kept of an answer beside its texts.</summary>
[Trait("failure", "M2")]
public sealed class StepAnswerTests
{
    private readonly StepAnswer _answer = new(() => "model", 1000);

    [Fact]
    public void Of_text_and_thinking_that_no_one_wants_back_nothing_is_kept()
    {
        _answer.Add(new TextReasoningContent("hm")).Should().BeFalse();
        _answer.Add("fine");

        _answer.Record.Should().BeNull();
        _answer.Message.Contents.Should().ContainSingle().Which.Should().BeOfType<TextContent>().Which.Text.Should().Be("fine");
    }

    [Fact]
    public void Each_piece_of_thinking_keeps_what_protects_it()
    {
        Add("a", null).Should().BeFalse();
        Add("b", null).Should().BeFalse();
        Add("", "one").Should().BeTrue();
        Add("", "two").Should().BeTrue("it is another, with no text of its own");
        Add("c", "three").Should().BeTrue();

        _answer.Record!.Pieces.Select(piece => (piece.Length, piece.Protected)).Should().Equal((2, "one"), (0, "two"), (1, "three"));
        _answer.Message.Contents.OfType<TextReasoningContent>().Select(thought => (thought.Text, thought.ProtectedData)).Should().Equal(("ab", "one"), ("", "two"), ("c", "three"));
    }

    [Fact]
    public void Members_of_a_provider_are_kept_with_the_piece_that_has_them_and_told_once()
    {
        var (member, other) = (new AdditionalPropertiesDictionary { ["in"] = "reasoning" }, new AdditionalPropertiesDictionary { ["extra"] = 1 });
        _answer.Add(new TextReasoningContent("a") { AdditionalProperties = member }).Should().BeTrue();
        _answer.Add(new TextReasoningContent("b") { AdditionalProperties = member }).Should().BeFalse("nothing is new but its text");
        _answer.IsKeptWhole.Should().BeFalse();
        _answer.Add(new TextReasoningContent("") { AdditionalProperties = other }).Should().BeTrue();

        _answer.Record!.Pieces.Select(piece => (piece.Length, string.Concat(piece.Data!.Keys))).Should().Equal((2, "in"), (0, "extra"));
        _answer.IsKeptWhole.Should().BeTrue();
    }

    private bool Add(string text, string? protectedData) => _answer.Add(new TextReasoningContent(text) { ProtectedData = protectedData });
}
