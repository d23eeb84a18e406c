namespace ChatBackend.SystemTests;

/// <summary>How a test wants its server. Port 0 is a free one.</summary>
internal sealed record ServerSettings
{
    /// <summary>One whose <c>script</c> agent does as it is told.</summary>
    public static ServerSettings Scripted { get; } = new() { Configuration = new Dictionary<string, string> { ["Agents:Script:Enabled"] = "true" } };

    public string Urls { get; init; } = "http://127.0.0.1:0";

    public string Environment { get; init; } = "Development";

    /// <summary>A directory that outlives the server; one that is deleted with it when null.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Settings by their configuration keys: <c>Guests:Enabled</c>.</summary>
    public IReadOnlyDictionary<string, string> Configuration { get; init; } = new Dictionary<string, string>();

    /// <summary>Arguments of the program behind those that every server has.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The program to start; the server when null.</summary>
    public string? Program { get; init; }

    /// <summary>What the program has the chat below.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>A command that becomes the server: it ends with an <c>exec</c> of its arguments.</summary>
    public IReadOnlyList<string> Launcher { get; init; } = [];
}
