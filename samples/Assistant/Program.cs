using System.ComponentModel;
using ChatBackend;
using ChatBackend.Mcp;

var builder = WebApplication.CreateBuilder(args);
var settings = builder.Configuration;
builder.Services.AddChatBackend()
    .AddGuests()
    .AddAgent("assistant", agent =>
    {
        agent.Instructions = "You help with the files of a small team. Read a file before you speak of it.";
        agent.UseEndpoint(settings["Model"] ?? "http://localhost:11434", "llama3.2");
        agent.AddTool(
            "days_until",
            ([Description("The day, as 2026-12-31.")] DateOnly day, TimeProvider clock) => day.DayNumber - DateOnly.FromDateTime(clock.GetUtcNow().Date).DayNumber,
            tool => tool.Description = "How many days there are from today until a day.");
    })
    .AddMcp(mcp =>
    {
        var server = Path.GetFullPath("node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", settings["Tools"] ?? ".");
        mcp.Servers["files"] = new McpServerOptions { Command = "node", Arguments = [server, settings["Files"] ?? "."] };
        mcp.Allow("assistant", "files", "list_directory", "read_text_file", "write_file");
    });

var app = builder.Build();
app.MapChatBackend();
app.Run();
