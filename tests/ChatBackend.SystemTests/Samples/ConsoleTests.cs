using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Samples;

/// <summary>The console client as a process of its own: what is typed, what is printed, Ctrl+C, and a server that comes back.</summary>
public sealed class ConsoleTests
{
    [Fact]
    public async Task It_shows_text_and_tools_asks_for_approval_stops_and_reconnects()
    {
        using var data = new TestDirectory();
        var settings = ServerSettings.Scripted with
        {
            DataDirectory = data.Path,
            Configuration = new Dictionary<string, string> { ["Agents:Script:Enabled"] = "true", ["Agents:Default"] = "script" },
        };
        await using var server = await ServerProcess.StartAsync(settings);
        await using var console = new TerminalProcess(ServerProcess.DllOf("samples", "Console"), [server.Http.ToString(), Path.Combine(data.Path, "guest.json")]);
        await console.UntilAsync("Connected as usr_");

        console.Write(Scenario.Of(Scenario.Say("Hello from the script.")));
        await console.UntilAsync("Hello from the script.\n");

        console.Write(Scenario.Of(new { tool = "send_mail", arguments = new { to = "ada" }, result = "on its way", approval = true }, Scenario.Say("It is sent.")));
        await console.UntilAsync("[send_mail {\"to\":\"ada\"} needs your approval: y or n?]\n");
        console.Write("y");
        await console.UntilAsync("[send_mail {\"to\":\"ada\"}]\n[send_mail: on its way]\nIt is sent.\n");

        console.Write(Scenario.Of(new { tool = "send_mail", arguments = new { to = "ben" }, result = "on its way", approval = true }, Scenario.Say("It is not sent.")));
        await console.UntilAsync("needs your approval");
        console.Write("n");
        await console.UntilAsync("It is not sent.\n");

        console.Write(Scenario.Of(Scenario.Say("Counting."), new { wait_ms = 600_000 }));
        await console.UntilAsync("Counting.");
        await console.InterruptAsync();
        await console.UntilAsync("[stopped: User]\n");

        await server.KillAsync();
        await console.UntilAsync("[disconnected: ");
        await using var next = await ServerProcess.StartAsync(server.Successor);
        await console.UntilAsync("[connected again]\n");
        console.Write(Scenario.Of(Scenario.Say("Still here.")));
        await console.UntilAsync("Still here.\n");

        await console.InterruptAsync();
        (await console.ExitAsync()).Should().Be(0);
    }
}
