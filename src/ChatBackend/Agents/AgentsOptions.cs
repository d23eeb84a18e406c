using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>Section <c>Agents</c>: which agents there are.</summary>
public sealed class AgentsOptions
{
    internal const string Section = "Agents";

    /// <summary>The agent of a message that names none. When absent: the first that was added in code, else the first of <see cref="List"/>.</summary>
    public string? Default { get; set; }

    /// <summary>The built-in agent <c>script</c>.</summary>
    public ScriptOptions Script { get; set; } = new();

    /// <summary>Agents whose models answer at endpoints.</summary>
    [ValidateEnumeratedItems]
    public IList<ModelEndpointOptions> List { get; set; } = [];

    /// <summary>The agent of tests and benchmarks: a user who may send it a message decides what it does.</summary>
    public sealed class ScriptOptions
    {
        /// <summary>Whether it is there.</summary>
        public bool Enabled { get; set; }
    }
}
