namespace ChatBackend.Agents;

/// <summary>How a tool is offered to models and called.</summary>
public sealed class ChatToolOptions
{
    /// <summary>What the model is told of the tool; null for what its function says of itself.</summary>
    public string? Description { get; set; }

    /// <summary>Whether calls need a person's approval; null for what the function says of itself (<c>ApprovalRequiredAIFunction</c>).</summary>
    public ChatToolApproval? Approval { get; set; }

    /// <summary>How long one call may take; then it is given up, and the model is told so. Null for <c>Runs:ToolTimeout</c>.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>Whether calls of one step may run at the same time as their neighbours that may, too. Otherwise one runs after the other.</summary>
    public bool RunsInParallel { get; set; }
}
