using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;

namespace ChatBackend.Agents;

/// <summary>Which tools are called only with somebody's approval: those that say so, unless section <c>Tools</c> says otherwise by name.</summary>
internal sealed class ToolApproval
{
    private readonly Dictionary<string, bool> _byName = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="InvalidOperationException">A setting is no <c>always</c> and no <c>never</c>.</exception>
    public ToolApproval(IConfiguration configuration)
    {
        foreach (var tool in configuration.GetSection("Tools").GetChildren())
        {
            if (tool["Approval"] is { } setting)
            {
                _byName[tool.Key] = setting.ToLowerInvariant() switch
                {
                    "always" => true,
                    "never" => false,
                    _ => throw new InvalidOperationException($"Tools:{tool.Key}:Approval is \"{setting}\"; it can be \"always\" or \"never\"."),
                };
            }
        }
    }

    public bool IsNeededFor(AIFunction tool) =>
        _byName.TryGetValue(tool.Name, out var isNeeded) ? isNeeded : tool.GetService<ApprovalRequiredAIFunction>() is not null;
}
