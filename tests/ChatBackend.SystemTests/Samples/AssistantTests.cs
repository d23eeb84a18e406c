using System.Text.Json;
using System.Text.RegularExpressions;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Mcp;
using static ChatBackend.SystemTests.Samples.ToolsByName;

namespace ChatBackend.SystemTests.Samples;

/// <summary>The walk at the begin of docs/agents.md: its commands as they stand there, with a server that plays the local model.</summary>
[Trait("failure", "Q27")]
public sealed partial class AssistantTests
{
    [Fact]
    public async Task The_command_that_checks_a_local_model_is_one()
    {
        await using var model = await StartModelAsync();
        var command = Commands().First(line => line.EndsWith("--check-agents", StringComparison.Ordinal));
        var arguments = command[(command.IndexOf(" -- ", StringComparison.Ordinal) + 4)..].Replace("http://localhost:11434", model.Endpoint[..^"/v1".Length], StringComparison.Ordinal).Split(' ');

        await using var server = ServerProcess.Launch(new ServerSettings { Arguments = arguments });

        (await server.ExitAsync()).Should().Be(0, server.Log);
        server.Log.Should().MatchRegex("(?m)^local +ok +.*llama3.2 at .*\"Done.\"");
    }

    [Fact]
    public async Task The_command_that_adds_files_gives_an_agent_their_tools()
    {
        using var folder = new TestDirectory();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "a.txt"), "hi");
        await using var model = await StartModelAsync();
        var command = Commands().Single(line => line.Contains("--Mcp:Servers:files:Command=node", StringComparison.Ordinal) && !line.EndsWith("--check-agents", StringComparison.Ordinal));
        var arguments = command[(command.IndexOf(" -- ", StringComparison.Ordinal) + 4)..].Replace("http://localhost:11434", model.Endpoint[..^"/v1".Length], StringComparison.Ordinal)
            .Replace("$PWD/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", ReferenceServers.Filesystem, StringComparison.Ordinal).Replace("$PWD/files", folder.Path, StringComparison.Ordinal).Split(' ');

        await using var server = await ServerProcess.StartAsync(new ServerSettings { Arguments = arguments });
        await server.LineAsync(line => line.Contains("MCP server files is available with 14 tools", StringComparison.Ordinal));
        await using var client = await server.ConnectAsync(await server.GuestAsync(), _ => { });

        (await AskAsync(client, $"list_directory {JsonSerializer.Serialize(new { path = folder.Path })}")).Result!.Value.GetRawText().Should().Contain("[FILE] a.txt");
    }

    [Fact]
    public async Task The_application_has_its_own_tool_and_those_of_the_MCP_server()
    {
        using var folder = new TestDirectory();
        await using var model = await StartModelAsync();
        await using var assistant = await ServerProcess.StartAsync(new ServerSettings
        {
            Program = ServerProcess.DllOf("samples", "Assistant"),
            Configuration = new Dictionary<string, string> { ["Model"] = model.Endpoint, ["Tools"] = ReferenceServers.Folder, ["Files"] = folder.Path },
        });
        await assistant.LineAsync(line => line.Contains("MCP server files is available", StringComparison.Ordinal));
        await using var client = await assistant.ConnectAsync(await assistant.GuestAsync(), _ => { });

        (await AskAsync(client, """days_until {"day":"9999-12-31"}""")).Result!.Value.GetInt32().Should().BeGreaterThan(2_900_000);
        (await AskAsync(client, """days_until {"day":"soon"}""")).Error.Should().Contain("day");
        var note = Path.Combine(folder.Path, "note.txt");
        (await AskAsync(client, $"write_file {JsonSerializer.Serialize(new { path = note, content = "hello" })}", approves: true)).Outcome.Should().Be(ToolOutcome.Succeeded);
        (await File.ReadAllTextAsync(note)).Should().Be("hello");
    }

    private static List<string> Commands()
    {
        var root = AppContext.BaseDirectory[..AppContext.BaseDirectory.IndexOf(Path.Combine("tests", "ChatBackend.SystemTests"), StringComparison.Ordinal)];
        return [.. Bash().Matches(File.ReadAllText(Path.Combine(root, "docs", "agents.md"))).SelectMany(match => match.Groups["lines"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
    }

    [GeneratedRegex("^```bash\n(?<lines>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Bash();
}
