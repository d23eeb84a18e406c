using System.Text;
using System.Text.RegularExpressions;
using ChatBackend.Agents;
using ChatBackend.Agents.Script;
using ChatBackend.Mcp;
using Microsoft.Extensions.Configuration;

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

    [Theory]
    [InlineData("docs/agents.md", "AgentSnippets.cs", 5)]
    [InlineData("docs/clients.md", "ClientSnippets.cs", 2)]
    public void Every_piece_of_code_in_a_document_is_compiled(string document, string snippets, int atLeast)
    {
        var compiled = Directory.GetFiles(Path.Combine(Repository.Root, "samples"), "*.cs", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "tests/ChatBackend.Tests/Architecture", snippets)).Select(file => WithoutIndent(File.ReadAllText(file))).ToList();

        BlocksOf(document).Should().HaveCountGreaterThanOrEqualTo(atLeast).And.OnlyContain(block => compiled.Any(file => file.Contains(WithoutIndent(block), StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_setting_that_the_page_about_agents_shows_is_one()
    {
        var blocks = Json().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/agents.md"))).Select(match => match.Groups["json"].Value).ToList();

        blocks.Should().HaveCount(3);
        foreach (var block in blocks.Where(block => !block.StartsWith("{\"steps\"", StringComparison.Ordinal)))
        {
            var settings = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(block))).Build();
            settings.GetSection("Agents").Get<AgentsOptions>(known => known.ErrorOnUnknownConfiguration = true);
            settings.GetSection("Mcp").Get<McpOptions>(known => known.ErrorOnUnknownConfiguration = true);
            settings.GetChildren().Select(section => section.Key).Should().BeSubsetOf(["Agents", "Mcp"]);
        }

        Scenario.Parse(blocks.Single(block => block.StartsWith("{\"steps\"", StringComparison.Ordinal))).Steps.Should().HaveCount(5);
    }

    [Fact]
    public void An_agent_with_a_tool_takes_fewer_than_25_lines() =>
        File.ReadLines(Path.Combine(Repository.Root, "samples/Embedding/Program.cs")).Should().HaveCountLessThan(25);

    private static List<string> BlocksOf(string document) =>
        [.. Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(match => match.Groups["code"].Value)];

    private static string WithoutIndent(string code) => string.Join('\n', code.Split('\n').Select(line => line.TrimStart()));

    [GeneratedRegex("^```json\n(?<json>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Json();

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
