namespace ChatBackend.Agents;

/// <summary>Section <c>Agents</c>.</summary>
internal sealed class AgentsOptions
{
    /// <summary>The agent of a message that names none; <c>demo</c> when absent.</summary>
    public string? Default { get; set; }

    public BuiltIn Demo { get; set; } = new() { Enabled = true };

    /// <summary>Plays what a message tells it to; for tests and benchmarks only.</summary>
    public BuiltIn Script { get; set; } = new();

    public List<Entry> List { get; set; } = [];

    internal sealed class BuiltIn
    {
        public bool Enabled { get; set; }
    }

    /// <summary>A model behind an OpenAI-compatible endpoint.</summary>
    internal sealed class Entry
    {
        public string Name { get; set; } = "";

        /// <summary>The base of the API: <c>https://host/v1</c>.</summary>
        public string Endpoint { get; set; } = "";

        public string Model { get; set; } = "";

        /// <summary>The environment variable that holds the key; absent for an endpoint that wants none.</summary>
        public string? KeyFrom { get; set; }

        public string? Instructions { get; set; }

        /// <summary>Names of built-in tools.</summary>
        public List<string> Tools { get; set; } = [];
    }
}
