using System.Diagnostics;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Telemetry;

/// <summary>
/// What traces show of a message: its command, the run, each of its steps, the model's answer and each tool, named by OpenTelemetry's conventions for generative AI.
/// Nothing of it is made without a listener, and nothing holds what people, models or tools said, unless <c>Runs:TraceContent</c> is on.
/// </summary>
internal static class ChatTraces
{
    private static readonly ActivitySource Source = new("ChatBackend");

    /// <summary>Whether anyone listens.</summary>
    public static bool AreOn => Source.HasListeners();

    /// <summary>The span of the command that is being carried out, as W3C writes it; null where it is not traced.</summary>
    public static string? CurrentSpan => Activity.Current is { } span && span.Source == Source ? span.Id : null;

    /// <summary>The command of a client, which begins a trace of its own.</summary>
    /// <param name="caller">The span to go on from instead, as W3C writes it; null or empty for none.</param>
    public static Activity? StartCommand(ClientCommand command, string? caller)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity.Current = null; // of the request that brought the socket
        return Source.StartActivity($"command {JsonNamingPolicy.SnakeCaseLower.ConvertName(command.GetType().Name[..^"Frame".Length])}", ActivityKind.Server, ActivityContext.TryParse(caller, null, isRemote: true, out var parent) ? parent : default);
    }

    /// <param name="traceParent">Of the command that it answers, as W3C writes it; null when that was not traced.</param>
    public static Activity? StartRun(string agent, ThreadId thread, RunId run, string? traceParent)
    {
        Activity.Current = null; // of the request that brought the socket: what it said goes no further
        return Source.HasListeners()
            ? OfRun(Source.StartActivity($"invoke_agent {agent}", ActivityKind.Internal, ActivityContext.TryParse(traceParent, null, out var parent) ? parent : default), agent, thread, run)
            : null;
    }

    /// <summary>A run that another one calls as a tool.</summary>
    public static Activity? StartNestedRun(string agent, ThreadId thread, RunId run) =>
        Source.HasListeners() ? OfRun(Source.StartActivity($"invoke_agent {agent}"), agent, thread, run) : null;

    public static Activity? StartStep(int number) => Source.HasListeners() ? Source.StartActivity("step")?.SetTag("chat.step", number) : null;

    public static Activity? StartModelCall(string? provider, string? model, Uri? address) =>
        Source.StartActivity(model is null ? "chat" : $"chat {model}", ActivityKind.Client)?
            .SetTag("gen_ai.operation.name", "chat")
            .SetTag("gen_ai.provider.name", provider ?? "unknown")
            .SetTag("gen_ai.request.model", model)
            .SetTag("gen_ai.request.stream", true)
            .SetTag("server.address", address?.Host)
            .SetTag("server.port", address?.Port);

    /// <param name="tool">Null for a name that no tool has: what a model makes up stays out.</param>
    public static Activity? StartTool(string? tool, CallId call) => Source.HasListeners()
        ? Source.StartActivity($"execute_tool {tool ?? "unknown"}")?
            .SetTag("gen_ai.operation.name", "execute_tool")
            .SetTag("gen_ai.tool.name", tool ?? "unknown")
            .SetTag("gen_ai.tool.type", "function")
            .SetTag("gen_ai.tool.call.id", call.Value)
        : null;

    /// <param name="code">As on the wire.</param>
    public static void Fail(this Activity activity, Enum code) => activity.Fail(JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString()));

    public static void Fail(this Activity activity, string type)
    {
        activity.SetTag("error.type", type);
        activity.SetStatus(ActivityStatusCode.Error);
    }

    public static void Count(this Activity activity, long? input, long? output) =>
        activity.SetTag("gen_ai.usage.input_tokens", input).SetTag("gen_ai.usage.output_tokens", output);

    private static Activity? OfRun(Activity? activity, string agent, ThreadId thread, RunId run) => activity?
        .SetTag("gen_ai.operation.name", "invoke_agent")
        .SetTag("gen_ai.agent.name", agent)
        .SetTag("gen_ai.conversation.id", thread.Value)
        .SetTag("chat.run.id", run.Value);
}
