using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>Section <c>Agents</c>: which agents there are.</summary>
internal sealed class AgentsOptions
{
    public const string Section = "Agents";

    /// <summary>The agent of a message that names none. When absent: <c>demo</c>, or the first of <see cref="List"/> without it.</summary>
    public string? Default { get; set; }

    public DemoOptions Demo { get; set; } = new();

    public ScriptOptions Script { get; set; } = new();

    [ValidateEnumeratedItems]
    public IList<ModelEndpointOptions> List { get; set; } = [];

    internal sealed class DemoOptions
    {
        public bool Enabled { get; set; } = true;
    }

    /// <summary>The agent of tests and benchmarks: a user who may send it a message decides what it does.</summary>
    internal sealed class ScriptOptions
    {
        public bool Enabled { get; set; }
    }
}

/// <summary>An agent whose model answers at an OpenAI-compatible endpoint.</summary>
internal sealed class ModelEndpointOptions
{
    [Required]
    [RegularExpression("[A-Za-z0-9._-]{1,64}", ErrorMessage = "{0} must have 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
    public string Name { get; set; } = "";

    /// <summary>The base of the API, such as <c>https://api.openai.com/v1</c>.</summary>
    [Required]
    public string Endpoint { get; set; } = "";

    [Required]
    public string Model { get; set; } = "";

    /// <summary>Name of the environment variable, or configuration key, that holds the API key. Absent: no key is sent.</summary>
    public string? KeyFrom { get; set; }

    /// <summary>The system message.</summary>
    public string? Instructions { get; set; }

    /// <summary>Names of built-in tools.</summary>
    public IList<string> Tools { get; set; } = [];

    /// <summary>How long the endpoint may send nothing, at the beginning or in the middle of an answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);
}
