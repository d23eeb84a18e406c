namespace ChatBackend.Mcp;

/// <summary>What an operator decides about one tool of a server.</summary>
public sealed class McpToolOptions
{
    /// <summary>Whether a call needs a person's approval: <c>always</c> or <c>never</c>. Null leaves it to <see cref="McpServerOptions.TrustReadOnlyHint"/>. The setting <c>Tools:&lt;name&gt;:Approval</c> wins over it.</summary>
    public string? Approval { get; set; }

    /// <summary>How long one call may take; null for that of the server.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>What the model is told of the tool, instead of what the server says.</summary>
    public string? Description { get; set; }
}
