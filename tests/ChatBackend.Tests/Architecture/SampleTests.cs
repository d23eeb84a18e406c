using System.Text.RegularExpressions;

namespace ChatBackend.Tests.Architecture;

/// <summary>What the documents print of the samples is what is built and run.</summary>
public sealed partial class SampleTests
{
    [Fact]
    public void Every_piece_of_code_in_README_is_a_file_of_a_sample()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "samples"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();

        var blocks = BlocksOf("README.md");

        blocks.Should().HaveCountGreaterThan(3).And.OnlyContain(block => files.Contains(block));
        blocks[0].Should().Be(File.ReadAllText(Path.Combine(Repository.Root, "samples/Embedding/Program.cs")), "an agent with a tool is what README begins with");
    }

    [Fact]
    public void The_hooks_that_a_document_prints_are_those_of_a_sample() =>
        BlocksOf("docs/agents.md").Should().Contain(File.ReadAllText(Path.Combine(Repository.Root, "samples/Embedding/ShopRules.cs")));

    [Fact]
    public void An_agent_with_a_tool_takes_fewer_than_25_lines() =>
        File.ReadLines(Path.Combine(Repository.Root, "samples/Embedding/Program.cs")).Should().HaveCountLessThan(25);

    private static List<string> BlocksOf(string document) =>
        [.. Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(match => match.Groups["code"].Value)];

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
