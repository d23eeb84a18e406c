using ChatBackend.Agents;
using ChatBackend.Connections;
using ChatBackend.Identity;
using ChatBackend.Runs;
using ChatBackend.Storage;
using ChatBackend.Threads;

namespace ChatBackend;

/// <summary>All settings of the chat backend. Each property is the configuration section of its name; the objects are those that are used.</summary>
public sealed class ChatBackendOptions
{
    internal const string DefaultDataDirectory = "data";

    /// <summary>Where log, keys and certificate are kept; one process at a time. Relative to the process's working directory.</summary>
    public string DataDirectory { get; set; } = DefaultDataDirectory;

    /// <summary>Names of this server beside those that mean this machine: <c>chat.example.com;*.example.org</c>.</summary>
    public string AllowedHosts { get; set; } = "";

    /// <summary>Which agents there are beside those that are added in code.</summary>
    public AgentsOptions Agents { get; set; } = new();

    /// <summary>How the application's own users are known.</summary>
    public AuthOptions Auth { get; set; } = new();

    /// <summary>What every connection is held to.</summary>
    public ConnectionOptions Connections { get; set; } = new();

    /// <summary>Guests and their sessions.</summary>
    public GuestOptions Guests { get; set; } = new();

    /// <summary>The budget of every run.</summary>
    public RunOptions Runs { get; set; } = new();

    /// <summary>The event log and its reads.</summary>
    public StorageOptions Storage { get; set; } = new();

    /// <summary>Threads: queues, titles, retention.</summary>
    public ThreadOptions Threads { get; set; } = new();

    /// <summary>Settings of tools by name; they outrank what the tools themselves say. Names are compared without case.</summary>
    public Dictionary<string, ToolOptions> Tools { get; } = new Dictionary<string, ToolOptions>(StringComparer.OrdinalIgnoreCase);
}
