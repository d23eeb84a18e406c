using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>The arguments of a call, which a model writes as a text.</summary>
internal static class CallArguments
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <summary>As they go back: an object also where the model sent none, since strict servers refuse the whole conversation for it.</summary>
    public static string Text(FunctionCallContent call) => JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Compact);

    /// <summary>No arguments at all are no arguments; what is not an object cannot be given to a tool.</summary>
    public static FunctionCallContent Call(string id, string name, string arguments)
    {
        var call = new FunctionCallContent(id, name);
        if (string.IsNullOrWhiteSpace(arguments))
        {
            call.Arguments = new Dictionary<string, object?>();
        }
        else if (TryParse(arguments, out var parsed))
        {
            call.Arguments = parsed;
        }
        else
        {
            call.Exception = new JsonException("The arguments are not a JSON object.");
        }

        return call;
    }

    public static bool TryParse(string arguments, out Dictionary<string, object?>? parsed)
    {
        try
        {
            // Some write the object as a text, in quotes.
            arguments = arguments.AsSpan().TrimStart().StartsWith('"') ? JsonSerializer.Deserialize<string>(arguments)! : arguments;
            parsed = JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments, AIJsonUtilities.DefaultOptions);
            return parsed is not null;
        }
        catch (JsonException)
        {
            parsed = null;
            return false;
        }
    }
}
