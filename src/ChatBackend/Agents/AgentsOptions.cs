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

    /// <summary>Agents whose models answer at OpenAI-compatible endpoints.</summary>
    [ValidateEnumeratedItems]
    public IList<ModelEndpointOptions> List { get; set; } = [];

    /// <summary>The agent of tests and benchmarks: a user who may send it a message decides what it does.</summary>
    public sealed class ScriptOptions
    {
        /// <summary>Whether it is there.</summary>
        public bool Enabled { get; set; }
    }
}

/// <summary>An agent whose model answers at an OpenAI-compatible endpoint.</summary>
public sealed class ModelEndpointOptions
{
    /// <summary>The name that messages choose the agent by.</summary>
    [Required]
    [RegularExpression(AgentNames.Allowed, ErrorMessage = "{0} must have 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
    public string Name { get; set; } = "";

    /// <summary>The base of the API, such as <c>https://api.openai.com/v1</c>.</summary>
    [Required]
    public string Endpoint { get; set; } = "";

    /// <summary>The model's name there.</summary>
    [Required]
    public string Model { get; set; } = "";

    /// <summary>Name of the environment variable, or configuration key, that holds the API key. Absent: no key is sent.</summary>
    public string? KeyFrom { get; set; }

    /// <summary>The system message.</summary>
    public string? Instructions { get; set; }

    /// <summary>For people who choose an agent: what it does, in a sentence.</summary>
    public string? Description { get; set; }

    /// <summary>First messages that a client may offer in an empty thread.</summary>
    public IList<string> Suggestions { get; set; } = [];

    /// <summary>Names of tools that the application added for all agents, and <c>search_threads</c>.</summary>
    public IList<string> Tools { get; set; } = [];

    /// <summary>How long the endpoint may send nothing, at the beginning or in the middle of an answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);
}
