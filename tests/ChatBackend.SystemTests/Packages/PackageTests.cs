using System.IO.Compression;
using System.Net;
using System.Text.Json;
using System.Xml.Linq;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Browser;
using ChatBackend.Tests.Agents;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.SystemTests.Packages;

/// <summary>What people get who have the packages and not the solution.</summary>
public sealed class PackageTests(PackagedProjects projects, Chromium chromium) : IClassFixture<PackagedProjects>, IClassFixture<Chromium>
{
    private const string Libraries = "ChatBackend ChatBackend.Anthropic ChatBackend.Client ChatBackend.Mcp ChatBackend.Protocol ChatBackend.Testing";

    [Fact]
    public void Each_package_has_its_licence_readme_changelog_documentation_and_symbols()
    {
        var packages = Directory.GetFiles(projects.Feed, "*.nupkg").Select(Read).ToDictionary(package => package.Id);

        packages.Keys.Should().BeEquivalentTo([.. Libraries.Split(' '), "ChatBackend.Templates"]);
        packages.Values.Select(package => package.Version).Distinct().Should().ContainSingle().Which.Should().StartWith("0.");
        packages.Values.Should().OnlyContain(package => package.Licence == "MIT" && package.Files.Contains("README.md") && package.Files.Contains("CHANGELOG.md"));
        foreach (var id in Libraries.Split(' '))
        {
            packages[id].Files.Should().Contain([$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"]);
            using var symbols = ZipFile.OpenRead(Path.Combine(projects.Feed, $"{id}.{packages[id].Version}.snupkg"));
            symbols.Entries.Select(entry => entry.FullName).Should().Contain($"lib/net10.0/{id}.pdb");
        }

        packages["ChatBackend.Client"].Files.Should().Contain("lib/net8.0/ChatBackend.Client.dll");
        packages["ChatBackend.Protocol"].Files.Should().Contain("lib/net8.0/ChatBackend.Protocol.dll");
    }

    [Fact]
    public async Task The_application_that_the_readme_prints_runs_with_the_package()
    {
        await using var provider = await StartAsync((context, body) => SendAsync(context, Answer(body)));
        await using var shop = await RunAsync("Embedding", "Model", provider);

        await AnswersWithItsToolAsync(shop);
        (await shop.TerminateAsync()).Should().Be(0);
    }

    [Fact]
    public async Task An_application_with_a_sign_in_of_its_own_has_the_chat_below_its_prefix()
    {
        await using var shop = await ServerProcess.StartAsync(new ServerSettings { Program = projects.DllOf("Host"), Prefix = "/assistant" });
        using var http = Trusting.Client(shop.Http);

        (await http.GetAsync(new Uri("/assistant/api/threads", UriKind.Relative)).Soon()).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        using var signedIn = await http.PostAsync(new Uri("/sign-in/ada", UriKind.Relative), content: null).Soon();
        http.DefaultRequestHeaders.Add("Cookie", signedIn.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        (await http.GetAsync(new Uri("/assistant/api/threads", UriKind.Relative)).Soon()).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_project_of_the_template_answers_over_the_socket_and_on_its_page()
    {
        await using var provider = await StartAsync((context, body) => SendAsync(context, Answer(body)));
        await using var assistant = await RunAsync("Assistant", "Model:Endpoint", provider);
        await AnswersWithItsToolAsync(assistant);

        await using var page = await chromium.OpenAsync(assistant.Http);
        (await page.Page.TitleAsync()).Should().Be("Assistant");
        await page.SendAsync("Where is B-17?");
        await page.Page.GetByText("Done.").WaitForAsync();
        (await page.Page.Locator("#log div").AllTextContentsAsync()).Should().Equal("Where is B-17?", "order_status …", "Done.");
        page.Complaints.Should().BeEmpty();
        (await assistant.TerminateAsync()).Should().Be(0);
    }

    /// <summary>README's samples of the client, compiled for .NET 8.</summary>
    [Theory]
    [InlineData("Client")]
    [InlineData("ClientReadme")]
    public async Task The_client_for_net_8_chats_with_the_server(string project)
    {
        await using var server = await ServerProcess.StartAsync();

        (await projects.RunAsync(project, $"{server.Http}", $"{server.WebSocket}")).Should().Contain("language model");
    }

    [Fact]
    public async Task The_samples_of_the_other_packages_say_what_they_promise()
    {
        (await projects.RunAsync("ProtocolReadme")).Should().StartWith("Pong ");
        (await projects.RunAsync("TestingReadme")).Should().Be("It is on its way. sent");
    }

    [Fact]
    public async Task A_tool_outside_the_solution_has_services_claims_progress_approval_and_a_stop() =>
        (await projects.RunAsync("Outside")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().Equal(
            "small: AgentCompleted, Succeeded 99.5 to ada, gold, from till 1, approvals 0, progress The bank is asked",
            "large: AgentCompleted, Succeeded 150 to ada, gold, from till 2, approvals 1, progress The bank is asked",
            "slow: AgentStopped, Abandoned , approvals 0, progress Till 3 is counted");

    private Task<ServerProcess> RunAsync(string project, string endpoint, ModelServer provider) => ServerProcess.StartAsync(new ServerSettings
    {
        Program = projects.DllOf(project),
        Configuration = new Dictionary<string, string> { [endpoint] = provider.Endpoint, ["ASPNETCORE_CONTENTROOT"] = projects.In(project) },
    });

    private static async Task AnswersWithItsToolAsync(ServerProcess server)
    {
        await using var client = await server.ConnectAsync(await server.GuestAsync());
        var ack = await client.ChatAsync("Where is B-17?").Soon();
        var thread = client.FollowerOf(ack.ThreadId!.Value);
        (await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("Done.");
        ((ToolCompleted)await thread.WaitForAsync(threadEvent => threadEvent is ToolCompleted).Soon()).Result!.Value.GetString().Should().Be("sent");
    }

    private static (string Id, string Version, string? Licence, IReadOnlyList<string> Files) Read(string path)
    {
        using var package = ZipFile.OpenRead(path);
        using var nuspec = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().First();
        string? Of(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
        return (Of("id")!, Of("version")!, Of("license"), [.. package.Entries.Select(entry => entry.FullName)]);
    }

    /// <summary>Asks for the order, then says a word.</summary>
    private static string[] Answer(JsonElement request) =>
        request.GetProperty("messages").EnumerateArray().Last().GetProperty("role").GetString() == "tool"
            ? [Text("Done."), Chunk("{}", "\"stop\""), "[DONE]"]
            : [
                Chunk("""{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"order_status","arguments":"{\"order\":\"B-17\"}"}}]}"""),
                Chunk("{}", "\"tool_calls\""), "[DONE]",
            ];
}
