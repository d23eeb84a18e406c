using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Script;

/// <summary>A tool that does what its step in the scenario says.</summary>
internal sealed class ScriptTool(ScriptStep.ToolCall step, TimeProvider clock) : AIFunction
{
    private static readonly JsonElement Ok = JsonSerializer.SerializeToElement("ok");

    public override string Name => step.Tool;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        if (step.Time > TimeSpan.Zero)
        {
            await Task.Delay(step.Time, clock, step.IgnoreCancel ? CancellationToken.None : cancellationToken);
        }

        if (step.Fail)
        {
            throw new ChatToolException(step.Result is { ValueKind: JsonValueKind.String } why ? why.GetString()! : "The script says that this tool fails.");
        }

        return step.Result ?? Ok;
    }
}
