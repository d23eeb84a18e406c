using System.Runtime.InteropServices;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Tools;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>Looks at a call before it is made, and says in words for the model why it cannot be.</summary>
internal static class ToolCallCheck
{
    /// <summary>An event nests arguments and results one level deeper, and a client reads it with the depth that frames have. Measured as it is stored: not indented.</summary>
    public static readonly JsonSerializerOptions EventJson = new(AIJsonUtilities.DefaultOptions) { MaxDepth = ChatProtocol.MaxDepth - 2, WriteIndented = false };

    private const int MaxName = 64;
    private const int MaxNames = 50;

    /// <returns>The arguments, null when they cannot stand in an event; and why the call cannot be made, null when it can.</returns>
    public static (JsonElement? Arguments, string? Mistake) Look(FunctionCallContent call, AIFunction? tool, Agent agent, int maxBytes)
    {
        var (arguments, mistake) = Read(call, maxBytes);
        return (arguments, (tool, arguments) switch
        {
            (null, _) => NoSuchTool(call.Name, agent),
            (_, null) => mistake,
            ({ } known, { } given) => ArgumentCheck.MistakesOf(given, known.JsonSchema),
        });
    }

    private static (JsonElement?, string?) Read(FunctionCallContent call, int maxBytes)
    {
        if (call.Exception is not null)
        {
            return (null, "The arguments are not JSON that can be read. Send one whole JSON object.");
        }

        try
        {
            var json = JsonSerializer.SerializeToElement(call.Arguments ?? new Dictionary<string, object?>(), EventJson);
            return JsonMarshal.GetRawUtf8Value(json).Length <= maxBytes ? (json, null) : (null, $"The arguments are larger than {maxBytes} bytes.");
        }
        catch (JsonException)
        {
            return (null, $"The arguments nest deeper than {EventJson.MaxDepth} levels.");
        }
    }

    private static string NoSuchTool(string name, Agent agent)
    {
        var there = agent.Tools.Count == 0 ? "none" : string.Join(", ", agent.Tools.Take(MaxNames).Select(tool => tool.Name));
        return $"No tool is called {SchemaWords.Cut(name, MaxName)}. The tools that there are: {there}{(agent.Tools.Count > MaxNames ? ", …" : "")}.";
    }
}
