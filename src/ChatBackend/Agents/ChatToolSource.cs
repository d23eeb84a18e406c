namespace ChatBackend.Agents;

/// <summary>
/// Gives agents tools when a run starts, beside those that they are described with: tools that are not known before, or change. Added with <c>AddToolSource</c>; there is
/// one for all runs.
/// </summary>
public abstract class ChatToolSource
{
    /// <summary>
    /// Adds the tools of one run, a nested one too, before its model is asked. They do not change while the run lasts. What this throws is logged, and the run goes on
    /// without this source's tools.
    /// </summary>
    public abstract ValueTask AddToolsAsync(ChatRunTools tools);

    /// <summary>Is told at the start which agents there are. What this throws ends the start: an <see cref="InvalidOperationException"/> says which setting names another.</summary>
    /// <param name="agents">Their names.</param>
    public virtual void CheckAgents(IReadOnlyList<string> agents)
    {
    }
}
