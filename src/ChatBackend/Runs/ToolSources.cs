using ChatBackend.Agents;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Runs;

/// <summary>Asks the application's tool sources when a run starts. One that fails costs its tools only.</summary>
internal sealed partial class ToolSources(IEnumerable<ChatToolSource> sources, ILogger<ToolSources> logger)
{
    private readonly IReadOnlyList<ChatToolSource> _sources = [.. sources];

    /// <param name="conversation">Gets what the sources tell the model, behind its instructions.</param>
    /// <returns>The agent with the tools of this run.</returns>
    public ValueTask<Agent> EquipAsync(Agent agent, ChatRunContext run, List<ChatMessage> conversation) =>
        _sources.Count == 0 ? ValueTask.FromResult(agent) : AskAsync(agent, run, conversation);

    private async ValueTask<Agent> AskAsync(Agent agent, ChatRunContext run, List<ChatMessage> conversation)
    {
        List<AIFunction> added = [];
        List<string> context = [];
        foreach (var source in _sources)
        {
            var tools = new ChatRunTools(run, added.Count == 0 ? agent.Tools : [.. agent.Tools, .. added]);
            try
            {
                var asked = source.AddToolsAsync(tools);
                if (!asked.IsCompletedSuccessfully)
                {
                    await asked.AsTask().WaitAsync(run.CancellationToken);
                }
            }
            catch (Exception ex) when (!run.CancellationToken.IsCancellationRequested)
            {
                Failed(ex, source.GetType().Name, agent.Name);
                continue;
            }

            added.AddRange(tools.Added);
            context.AddRange(tools.Context);
        }

        if (added.Count + context.Count == 0)
        {
            return agent;
        }

        conversation.InsertRange(
            conversation.TakeWhile(message => message.Role == ChatRole.System).Count(), context.Select(text => new ChatMessage(ChatRole.System, text)).ToList());
        return agent with { Tools = [.. agent.Tools, .. added.OrderBy(tool => tool.Name, StringComparer.Ordinal)] };
    }

    [LoggerMessage(LogLevel.Error, "The tool source {Source} failed; a run of the agent {Agent} goes on without its tools")]
    private partial void Failed(Exception ex, string source, string agent);
}
