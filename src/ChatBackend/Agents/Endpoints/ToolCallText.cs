using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>A tool call and its result, as the texts that models write and read.</summary>
internal static partial class ToolCallText
{
    /// <summary>Of all calls of one answer.</summary>
    public const int MaxBytes = 1024 * 1024;

    private const int CallBytes = 256; // what a call takes beside its name and arguments

    /// <summary>A member of a call's own properties: its arguments as the model wrote them, where they are an object that would be written otherwise here.</summary>
    public const string Written = "arguments_as_written";

    // The default is indented, and a model is paid for by the token.
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <param name="bytes">Of what came before.</param>
    /// <returns>Of all.</returns>
    /// <exception cref="ModelException">All together are larger than they may be.</exception>
    public static int Bounded(int bytes, string? name, string arguments)
    {
        bytes += (name is null ? 0 : CallBytes + name.Length) + arguments.Length;
        return bytes <= MaxBytes ? bytes : throw new ModelException(ModelErrorKind.Unavailable, $"The calls of one answer are larger than {MaxBytes} bytes.");
    }

    /// <summary>A name that strict servers take.</summary>
    public static string NameOf(FunctionCallContent call)
    {
        var legal = Illegal().Replace(call.Name, "_");
        return legal.Length is > 0 and <= 64 ? legal : legal.Length == 0 ? "unknown" : legal[..64];
    }

    /// <summary>As they go back: byte for byte as they came, so that a provider's cache finds them; an object also where the model sent none, since strict servers refuse the whole conversation for it.</summary>
    public static string ArgumentsOf(FunctionCallContent call) => call.AdditionalProperties?.GetValueOrDefault(Written) switch
    {
        string written => written,
        JsonElement { ValueKind: JsonValueKind.String } written => written.GetString()!,
        _ => JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Compact),
    };

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
            if (arguments.AsSpan().TrimStart().StartsWith('{') && arguments != ArgumentsOf(call))
            {
                call.AdditionalProperties = new AdditionalPropertiesDictionary { [Written] = arguments };
            }
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
