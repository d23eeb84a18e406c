using System.Text.Json;

namespace ChatBackend.Mcp.Servers;

/// <summary>A tool as a server describes it; what it says is held to bounds and free of secrets.</summary>
/// <param name="Name">What the server calls it.</param>
/// <param name="Schema">An object's schema.</param>
/// <param name="IsReadOnly">The server says that it changes nothing.</param>
internal sealed record ServerTool(string Name, string Description, JsonElement Schema, bool IsReadOnly);
