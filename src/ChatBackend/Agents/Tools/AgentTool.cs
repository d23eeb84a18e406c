using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Tools;

/// <summary>Another agent as a tool: a call of it is a run of its own, nested in the run that makes it.</summary>
internal sealed class AgentTool(string agent, string description) : AIFunction
{
    private const string Task = "task";

    private static readonly JsonElement Schema = JsonElement.Parse(
        $$$"""
        {"type":"object","properties":{"{{{Task}}}":{"type":"string","description":"What the agent is to do, with all that it needs to know: it sees nothing else of the conversation."}},"required":["{{{Task}}}"]}
        """);

    public string Agent => agent;

    /// <summary>Endpoints take no dot in the name of a function.</summary>
    public override string Name => agent.Replace('.', '_');

    public override string Description => description;

    public override JsonElement JsonSchema => Schema;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var task = arguments.GetValueOrDefault(Task) switch
        {
            JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
            string text => text,
            _ => throw new ChatToolException($"The argument {Task} is missing: what the agent is to do, as a text."),
        };
        var run = (ChatRunContext)arguments.Context![typeof(ChatRunContext)]!;
        return await run.CallAgent!(agent, task, cancellationToken);
    }
}
