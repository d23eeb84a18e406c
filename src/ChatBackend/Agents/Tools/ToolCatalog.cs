using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Tools;

/// <summary>The tools that agents may share by name: <c>search_threads</c> and those that the application added.</summary>
internal sealed class ToolCatalog
{
    private readonly Dictionary<string, AIFunction> _tools = new(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">Two tools have one name.</exception>
    public ToolCatalog(IEnumerable<ToolRegistration> added, IServiceProvider services)
    {
        foreach (var tool in added.Select(tool => (AIFunction)tool.Create(services)).Prepend(new ChatTool(ThreadSearchTool.Create(), new ChatToolOptions { RunsInParallel = true })))
        {
            if (!_tools.TryAdd(tool.Name, tool))
            {
                throw new InvalidOperationException($"More than one tool is called {tool.Name}; {ThreadSearchTool.Name} is built in.");
            }
        }
    }

    /// <exception cref="InvalidOperationException">There is no such tool.</exception>
    public AIFunction Find(string name, string agent) => _tools.GetValueOrDefault(name)
        ?? throw new InvalidOperationException($"The agent {agent} uses the tool {name}, which does not exist. There are {string.Join(", ", _tools.Keys)}.");
}
