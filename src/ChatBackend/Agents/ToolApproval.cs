using ChatBackend.Agents.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>Which tools are called only with a person's approval: those that say so, unless section <c>Tools</c> says otherwise by name.</summary>
internal sealed partial class ToolApproval
{
    private readonly Dictionary<string, bool> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly ILogger<ToolApproval> _logger;

    /// <exception cref="InvalidOperationException">A setting is neither <c>always</c> nor <c>never</c>.</exception>
    public ToolApproval(IOptions<ChatBackendOptions> options, ILogger<ToolApproval> logger)
    {
        _logger = logger;
        foreach (var (name, tool) in options.Value.Tools)
        {
            if (tool.Approval is { } setting)
            {
                _byName[name] = setting.ToLowerInvariant() switch
                {
                    "always" => true,
                    "never" => false,
                    _ => throw new InvalidOperationException($"Tools:{name}:Approval is \"{setting}\"; it can be \"always\" or \"never\"."),
                };
            }
        }
    }

    public bool IsNeededFor(AIFunction tool, ChatToolCall call)
    {
        if (_byName.TryGetValue(tool.Name, out var isNeeded))
        {
            return isNeeded;
        }

        if (tool.GetService<ChatTool>()?.Approval is not { } approval)
        {
            return tool.GetService<ApprovalRequiredAIFunction>() is not null;
        }

        try
        {
            return approval.IsNeededFor(call);
        }
        catch (Exception ex)
        {
            NotDecided(ex, tool.Name);
            return true;
        }
    }

    [LoggerMessage(LogLevel.Error, "The condition for approval of tool {Tool} failed; the call needs approval")]
    private partial void NotDecided(Exception ex, string tool);
}
