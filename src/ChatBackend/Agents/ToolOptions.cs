namespace ChatBackend.Agents;

/// <summary>Section <c>Tools:&lt;name&gt;</c>: what the operator decides about a tool; it outranks what the tool itself says.</summary>
public sealed class ToolOptions
{
    /// <summary>Whether a call needs a person's approval: <c>always</c> or <c>never</c>. Null leaves it to the tool.</summary>
    public string? Approval { get; set; }
}
