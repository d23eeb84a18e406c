using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>What the settings say about the call of a tool.</summary>
/// <param name="Word"><c>auto</c>, <c>none</c> or <c>required</c>.</param>
/// <param name="Tool">The tool that is to be called; null when any may be.</param>
internal sealed record ToolDemand(string Word, string? Tool)
{
    /// <returns>Null when nothing is said. What has to be called is demanded until it was: the model could not answer otherwise.</returns>
    public static ToolDemand? Of(ModelEndpointOptions settings, IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools) => settings.ToolChoice switch
    {
        null => null,
        "auto" or "none" => new ToolDemand(settings.ToolChoice, null),
        _ when messages.Count > 0 && messages[^1].Role == ChatRole.Tool => null,
        "required" => new ToolDemand("required", null),
        var name => tools.Any(tool => tool.Name == name) ? new ToolDemand("required", name) : null,
    };

    /// <param name="inside">The member that has the tool's name in it; null where the name stands beside the type.</param>
    public void WriteTo(RequestBody body, string? inside) => body.Member("tool_choice", () =>
    {
        var json = body.Json;
        if (Tool is null)
        {
            json.WriteStringValue(Word);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", "function");
        if (inside is null)
        {
            json.WriteString("name", Tool);
        }
        else
        {
            json.WriteStartObject(inside);
            json.WriteString("name", Tool);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    });
}
