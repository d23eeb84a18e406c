using ChatBackend.Mcp;
using ChatBackend.Mcp.Tools;
using ChatBackend.Testing;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Mcp;

/// <summary>What is wrong in section <c>Mcp</c> ends the start with a sentence, and the names that tools get.</summary>
public sealed class McpOptionsTests
{
    [Theory]
    [InlineData("needs either Command, a program to start, or Url", "Mcp:Servers:x:StartWait=00:00:01")]
    [InlineData("needs either Command, a program to start, or Url", "Mcp:Servers:x:Command=node", "Mcp:Servers:x:Url=http://localhost")]
    [InlineData("Mcp:Servers:x:Url is not an absolute http or https URL", "Mcp:Servers:x:Url=ftp://localhost")]
    [InlineData("1 to 32 of the characters", "Mcp:Servers:x y:Command=node")]
    [InlineData("names NO_SUCH_SECRET, which is set neither", "Mcp:Servers:x:Command=node", "Mcp:Servers:x:EnvironmentFrom:TOKEN=NO_SUCH_SECRET")]
    [InlineData("it has no headers and no OAuth", "Mcp:Servers:x:Command=node", "Mcp:Servers:x:Headers:A=b")]
    [InlineData("\"a b\" is not the name of a header", "Mcp:Servers:x:Url=http://localhost", "Mcp:Servers:x:Headers:a b=c")]
    [InlineData("it can be \"always\" or \"never\"", "Mcp:Servers:x:Command=node", "Mcp:Servers:x:Tools:t:Approval=sometimes")]
    [InlineData("Mcp:Servers:x:Timeout is 00:00:00", "Mcp:Servers:x:Command=node", "Mcp:Servers:x:Timeout=00:00:00")]
    [InlineData("StartTimeout", "Mcp:Servers:x:Command=node", "Mcp:Servers:x:StartTimeout=00:00:00")]
    [InlineData("names the server y, which does not exist", "Mcp:Servers:x:Command=node", "Mcp:Agents:helper:y:0=*")]
    public async Task A_wrong_setting_ends_the_start_with_a_sentence(string says, params string[] settings)
    {
        var start = async () =>
        {
            await using var host = await ChatTestHost.StartAsync(
                chat => chat.AddMcp(),
                settings: settings.Select(setting => setting.Split('=', 2)).ToDictionary(setting => setting[0], setting => (string?)setting[1]),
                cancellationToken: TestContext.Current.CancellationToken);
        };

        (await start.Should().ThrowAsync<OptionsValidationException>()).Which.Message.Should().Contain(says);
    }

    [Fact]
    public async Task An_entry_for_an_agent_that_does_not_exist_ends_the_start_with_a_sentence()
    {
        var start = async () =>
        {
            await using var host = await ChatTestHost.StartAsync(
                chat => chat.AddAgent("helper", agent => agent.UseModel(new ScriptedModel())).AddMcp(mcp =>
                {
                    mcp.Servers["files"] = new McpServerOptions { Url = "http://127.0.0.1:1/mcp" };
                    mcp.Allow("Helper", "files").Allow("helpr", "files");
                }),
                cancellationToken: TestContext.Current.CancellationToken);
        };

        (await start.Should().ThrowAsync<InvalidOperationException>()).WithMessage("Mcp:Agents names the agent helpr, which does not exist. There are helper, script.");
    }

    [Fact]
    public void Names_are_legal_for_models_unique_and_the_same_for_the_same_tools()
    {
        var longName = new string('n', 70);
        (string Server, string Tool)[] tools =
            [("b", "x.y"), ("b", "x_y"), ("a", "find"), ("b", "find"), ("a", "taken"), ("a", longName), ("a", $"{longName}2"), ("a", ""), ("a_b", "c"), ("a", "b_c"), ("c", "b_c"), ("d", "c")];

        var names = ToolNames.Of(tools, ["taken"]);

        names.Values.Should().OnlyHaveUniqueItems().And.OnlyContain(name => name.Length <= 64 && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_' || character == '-'));
        names.Should().HaveCount(tools.Length);
        (names[("a", "find")], names[("b", "find")], names[("a", "taken")]).Should().Be(("a_find", "b_find", "a_taken"));
        names[("b", "x.y")].Should().Be("b_x_y").And.NotBe(names[("b", "x_y")]);
        ToolNames.Of(tools.Reverse(), ["taken"]).Should().BeEquivalentTo(names);
    }
}
