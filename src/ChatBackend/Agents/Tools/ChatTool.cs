using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Tools;

/// <summary>A function with what an application said of it as a tool.</summary>
internal sealed class ChatTool(AIFunction function, ChatToolOptions options) : DelegatingAIFunction(function)
{
    public override string Description => options.Description ?? base.Description;

    public ChatToolApproval? Approval => options.Approval;

    public TimeSpan? Timeout => options.Timeout;

    public bool RunsInParallel => options.RunsInParallel;
}
