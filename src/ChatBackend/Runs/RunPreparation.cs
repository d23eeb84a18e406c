using ChatBackend.Agents;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>What the application has to say before a run's first step: a refusal, instructions for this run, more for the model to know.</summary>
internal sealed class RunPreparation(Agent agent, ChatRunContext run, RunHooks hooks)
{
    /// <summary>Puts it behind the agent's own instructions.</summary>
    /// <returns>Why the run is refused; null when it is not.</returns>
    public async Task<string?> PrepareAsync(List<ChatMessage> conversation, bool isResumed)
    {
        var start = new ChatRunStart(run, conversation.FindLast(message => message.Role == ChatRole.User)?.Text ?? "", isResumed);
        await hooks.StartingAsync(start);
        if (start.Refusal is not null)
        {
            return start.Refusal;
        }

        var instructions = agent.InstructionsFor is { } make ? await make(run).AsTask().WaitAsync(run.CancellationToken) : null;
        if (instructions is not null || start.Context.Count > 0)
        {
            var texts = start.Context.Prepend(instructions).Where(text => !string.IsNullOrWhiteSpace(text));
            conversation.InsertRange(
                conversation.TakeWhile(message => message.Role == ChatRole.System).Count(), texts.Select(text => new ChatMessage(ChatRole.System, text)).ToList());
        }

        return null;
    }
}
