using System.ComponentModel.DataAnnotations;
using ChatBackend.Agents;

namespace ChatBackend.Mcp;

/// <summary>A server of the Model Context Protocol: a program that is started here (<see cref="Command"/>), or an address (<see cref="Url"/>).</summary>
public sealed class McpServerOptions
{
    /// <summary>The program to start; it is spoken to by its standard input and output.</summary>
    public string? Command { get; set; }

    /// <summary>The program's arguments. They are seen in the list of processes: nothing secret belongs here.</summary>
    public IList<string> Arguments { get; set; } = [];

    /// <summary>Where the program is started; null for the directory of this process.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>Environment variables of the program, by value. Of this process's own it gets only those that a program needs, such as <c>PATH</c> and <c>HOME</c>.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Environment variables of the program that are secret: the value is the name of the configuration key, or environment variable of this process, that holds it.</summary>
    public IDictionary<string, string> EnvironmentFrom { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The address of a server that speaks streamable HTTP.</summary>
    public string? Url { get; set; }

    /// <summary>Headers of each request to it, by value.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Headers that are secret: the value is the name of the configuration key or environment variable that holds it.</summary>
    public IDictionary<string, string> HeadersFrom { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Headers that say whose run it is: the value is a type of claim, or <c>user_id</c>. One whose claim the user does not have is left out. Each user has a session of their
    /// own at the server.
    /// </summary>
    public IDictionary<string, string> UserHeaders { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes the headers of a run, such as the user's own token. Null from it: the run has no tools of this server. Runs with the same headers share a session.</summary>
    public Func<ChatRunContext, ValueTask<IReadOnlyDictionary<string, string>?>>? HeadersFor { get; set; }

    /// <summary>How this application signs in at the server by OAuth; null for not.</summary>
    public McpOAuthOptions? OAuth { get; set; }

    /// <summary>
    /// Whether a tool that the server marks as read-only is called without a person's approval. It is the server that says so: set this to false for one that is not trusted. Tools
    /// that are not marked always need approval, unless <see cref="Tools"/> says otherwise.
    /// </summary>
    public bool TrustReadOnlyHint { get; set; } = true;

    /// <summary>What is different for single tools, by the names that the server has for them.</summary>
    public IDictionary<string, McpToolOptions> Tools { get; } = new Dictionary<string, McpToolOptions>(StringComparer.Ordinal);

    /// <summary>How long one call may take; null for <c>Runs:ToolTimeout</c>.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>How long an attempt to start or to connect may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after the server began to start, or died, runs wait for it. Later ones go on without its tools until it is there.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan StartWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of one message from the server. One that sends more is restarted.</summary>
    [Range(1000, 64 * 1024 * 1024)]
    public int MaxMessageBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Bytes of text that one result may have; null for <c>Runs:MaxToolBytes</c> alone.</summary>
    [Range(100, 64 * 1024 * 1024)]
    public int? MaxResultBytes { get; set; }

    /// <summary>Images of at most so many bytes stand in the result, in base64; of larger ones only type and size. 0 for never.</summary>
    [Range(0, 1024 * 1024)]
    public int MaxInlineImageBytes { get; set; } = 8 * 1024;
}
