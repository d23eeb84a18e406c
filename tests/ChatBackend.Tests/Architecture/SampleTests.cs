using System.Text.RegularExpressions;

namespace ChatBackend.Tests.Architecture;

/// <summary>What the documents print of the samples is what is built and run.</summary>
public sealed partial class SampleTests
{
    [Theory]
    [InlineData("README.md", "samples/Embedding/Program.cs")]
    [InlineData("README.md", "samples/Embedding/Orders.cs")]
    [InlineData("docs/agents.md", "samples/Embedding/ShopRules.cs")]
    public void A_document_prints_a_sample_as_it_is_built(string document, string sample)
    {
        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(match => match.Groups["code"].Value);

        blocks.Should().Contain(File.ReadAllText(Path.Combine(Repository.Root, sample)));
    }

    [Fact]
    public void An_agent_with_a_tool_takes_fewer_than_25_lines() =>
        File.ReadLines(Path.Combine(Repository.Root, "samples/Embedding/Program.cs")).Should().HaveCountLessThan(25);

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
