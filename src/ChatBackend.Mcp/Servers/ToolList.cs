using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace ChatBackend.Mcp.Servers;

/// <summary>
/// Reads the tools of a server, each by itself: one that is described wrongly is left out, and the others are there. The SDK would refuse the whole list.
/// </summary>
internal sealed partial class ToolList(ServerSettings server, ILogger logger)
{
    public const int MaxTools = 500;
    public const int MaxSchemaCharacters = 32 * 1024;
    public const int MaxDescription = 4000; // UTF-16 code units

    private const int MaxPages = 50;
    private const int MaxName = 200;

    public async Task<IReadOnlyList<ServerTool>> ReadAsync(McpClient client, CancellationToken cancellationToken)
    {
        if (client.ServerCapabilities.Tools is null)
        {
            return [];
        }

        Dictionary<string, ServerTool> tools = [];
        string? cursor = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var parameters = cursor is null ? [] : new JsonObject { ["cursor"] = cursor };
            var response = await client.SendRequestAsync(new JsonRpcRequest { Method = RequestMethods.ToolsList, Params = parameters }, cancellationToken);
            var result = response.Result as JsonObject;
            foreach (var described in result?["tools"] as JsonArray ?? [])
            {
                if (Read(described) is not { } tool)
                {
                    continue;
                }

                if (tools.Count == MaxTools)
                {
                    TooMany(server.Name, MaxTools);
                    return Sorted(tools);
                }

                tools.TryAdd(tool.Name, tool);
            }

            cursor = TextOf(result?["nextCursor"]);
            if (cursor is null)
            {
                break;
            }
        }

        return Sorted(tools);
    }

    /// <summary>The list could not be read again.</summary>
    public void NotRead(string problem) => NotRead(server.Name, problem);

    private static List<ServerTool> Sorted(Dictionary<string, ServerTool> tools) => [.. tools.Values.OrderBy(tool => tool.Name, StringComparer.Ordinal)];

    private ServerTool? Read(JsonNode? described)
    {
        if (described is not JsonObject tool || TextOf(tool["name"]) is not { Length: > 0 and <= MaxName } name)
        {
            LeftOut(server.Name, "a tool", "it has no name, or a very long one");
            return null;
        }

        if (server.Mask.Apply(name) != name)
        {
            LeftOut(server.Name, "a tool", "its name holds a secret");
            return null;
        }

        if (SchemaOf(tool["inputSchema"]) is not { } schema)
        {
            LeftOut(server.Name, ServerText.Clean(name, server.Mask, MaxName), "its schema is missing, is no object's, or is too large");
            return null;
        }

        var description = server.Options.Tools.TryGetValue(name, out var options) && options.Description is { } own ? own : TextOf(tool["description"]) ?? "";
        var isReadOnly = tool["annotations"] is JsonObject hints && hints["readOnlyHint"] is JsonValue hint && hint.TryGetValue<bool>(out var given) && given;
        return new ServerTool(name, ServerText.Clean(description, server.Mask, MaxDescription), schema, isReadOnly);
    }

    private JsonElement? SchemaOf(JsonNode? node)
    {
        if (node is not JsonObject schema || (schema["type"] is { } type && TextOf(type) != "object"))
        {
            return null;
        }

        var cleaned = (JsonObject)ServerText.Map(schema, text => ServerText.Clean(text, server.Mask, MaxDescription))!;
        cleaned["type"] = "object";
        var json = cleaned.ToJsonString();
        return json.Length <= MaxSchemaCharacters ? JsonElement.Parse(json) : null;
    }

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    [LoggerMessage(LogLevel.Warning, "MCP server {Server} did not tell its tools: {Problem} Those that are known stay")]
    private partial void NotRead(string server, string problem);

    [LoggerMessage(LogLevel.Warning, "MCP server {Server}: {Tool} is left out: {Reason}")]
    private partial void LeftOut(string server, string tool, string reason);

    [LoggerMessage(LogLevel.Warning, "MCP server {Server} has more than {Most} tools; the others are left out")]
    private partial void TooMany(string server, int most);
}
