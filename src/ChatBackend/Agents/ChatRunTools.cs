using ChatBackend.Agents.Tools;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents;

/// <summary>The tools that a <see cref="ChatToolSource"/> gives to a run.</summary>
public sealed class ChatRunTools
{
    private readonly IReadOnlyList<AIFunction> _had;
    private readonly List<AIFunction> _added = [];
    private readonly List<string> _context = [];
    private HashSet<string>? _names; // made when it is asked for: most runs are given nothing

    internal ChatRunTools(ChatRunContext run, IReadOnlyList<AIFunction> had) => (Run, _had) = (run, had);

    /// <summary>Whose run it is; <see cref="ChatRunContext.Agent"/> is the agent that gets the tools.</summary>
    public ChatRunContext Run { get; }

    /// <summary>The names that are taken: by the agent's own tools, and by those that were added before.</summary>
    public IReadOnlyCollection<string> Names => Taken;

    internal IReadOnlyList<AIFunction> Added => _added;

    internal IReadOnlyList<string> Context => _context;

    private HashSet<string> Taken => _names ??= [.. _had.Select(tool => tool.Name)];

    /// <summary>Adds a tool. The model is shown added tools behind the agent's own, ordered by name, so that the same tools are the same bytes.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(AIFunction function, Action<ChatToolOptions>? configure = null)
    {
        var registration = ToolRegistration.Of(function, configure);
        if (!Taken.Add(registration.Name))
        {
            throw new ArgumentException($"The agent {Run.Agent} has a tool called {registration.Name} already.", nameof(function));
        }

        _added.Add(registration.Create(Run.Services));
    }

    /// <summary>Tells the model something in this run, after its instructions and before the conversation. It is not stored.</summary>
    public void AddContext(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        _context.Add(text);
    }
}
