using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace ChatBackend.Agents;

/// <summary>Reads the agents of configuration: each by itself, since a value of another type in a list would drop the agent that has it without a word.</summary>
internal static class ConfiguredAgents
{
    /// <exception cref="InvalidOperationException">A value is of another type; the message names its key.</exception>
    public static IList<ModelEndpointOptions> Read(IConfigurationSection list) => [.. list.GetChildren().Select(Agent)];

    private static ModelEndpointOptions Agent(IConfigurationSection section)
    {
        var agent = section.Get<ModelEndpointOptions>() ?? new ModelEndpointOptions();
        if (section.GetSection(nameof(ModelEndpointOptions.ExtraBody)) is var extra && extra.GetChildren().Any())
        {
            agent.ExtraBody = Of(extra)!.ToJsonString();
        }

        return agent;
    }

    // In a section every value is a text: numbers, true and false are what they look like.
    private static JsonNode? Of(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            return Value(section.Value);
        }

        return children.Select(child => child.Key).SequenceEqual(Enumerable.Range(0, children.Count).Select(index => index.ToString(CultureInfo.InvariantCulture)))
            ? new JsonArray([.. children.Select(Of)])
            : new JsonObject(children.Select(child => KeyValuePair.Create(child.Key, Of(child))));
    }

    private static JsonNode? Value(string? text) => text switch
    {
        null => null,
        _ when bool.TryParse(text, out var flag) => flag,
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        _ when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => text,
    };
}
