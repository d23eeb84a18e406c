using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Script;

/// <summary>The tool that a scenario's step plays.</summary>
internal sealed class ScriptTool(string name, Step step, TimeProvider clock) : AIFunction
{
    private static readonly JsonElement Ok = JsonSerializer.SerializeToElement("ok");

    public override string Name => name;

    public static AIFunction? For(FunctionCallContent call, TimeProvider clock) =>
        call.AdditionalProperties?.TryGetValue(ScriptModel.StepKey, out Step? step) is true && step is not null
            ? new ScriptTool(call.Name, step, clock)
            : null;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        if (step.Ms > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(step.Ms), clock, step.IgnoreCancel ? CancellationToken.None : cancellationToken);
        }

        return step.Fail ? throw new ToolException("The script wants this call to fail.") : step.Result ?? Ok;
    }
}
