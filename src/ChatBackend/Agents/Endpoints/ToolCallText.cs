using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>A tool call and its result, as the texts that models write and read.</summary>
internal static partial class ToolCallText
{
    // The default is indented, and a model is paid for by the token.
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <summary>A name that strict servers take.</summary>
    public static string NameOf(FunctionCallContent call)
    {
        var legal = Illegal().Replace(call.Name, "_");
        return legal.Length is > 0 and <= 64 ? legal : legal.Length == 0 ? "unknown" : legal[..64];
    }

    /// <summary>As they go back: an object also where the model sent none, since strict servers refuse the whole conversation for it.</summary>
    public static string ArgumentsOf(FunctionCallContent call) => JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Compact);

    public static string ResultOf(FunctionResultContent result) => result.Result as string ?? JsonSerializer.Serialize(result.Result, Compact);

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

    [GeneratedRegex("[^a-zA-Z0-9_-]")]
    private static partial Regex Illegal();
}
