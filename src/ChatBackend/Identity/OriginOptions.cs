namespace ChatBackend.Identity;

/// <summary>Configuration section <c>Connections</c>, as far as it is about origins.</summary>
internal sealed class OriginOptions
{
    public const string Section = "Connections";

    /// <summary>Origins of other pages that may connect, exactly as a browser writes them: <c>https://chat.example.com</c>.</summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Names of this server beside those that mean this machine, from the setting <c>AllowedHosts</c>: <c>chat.example.com;*.example.org</c>.</summary>
    public IList<string> AllowedHosts { get; } = [];
}
