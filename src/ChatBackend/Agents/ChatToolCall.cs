using System.Text.Json;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents;

/// <summary>A call that a model asks for, before it is made.</summary>
public sealed class ChatToolCall
{
    internal ChatToolCall(ChatRunContext run, CallId callId, string tool, JsonElement arguments) =>
        (Run, CallId, Tool, Arguments) = (run, callId, tool, arguments);

    /// <summary>The run that asks for it.</summary>
    public ChatRunContext Run { get; }

    /// <summary>The call's id, as on the wire.</summary>
    public CallId CallId { get; }

    /// <summary>The tool's name.</summary>
    public string Tool { get; }

    /// <summary>The arguments, as the model gave them: a JSON object by parameter names.</summary>
    public JsonElement Arguments { get; }

    /// <summary>One of the arguments.</summary>
    /// <returns>The default of the type when the model left it out.</returns>
    /// <exception cref="JsonException">It is not of that type.</exception>
    public T? Argument<T>(string name) =>
        Arguments.TryGetProperty(name, out var argument) ? argument.Deserialize<T>(AIJsonUtilities.DefaultOptions) : default;
}
