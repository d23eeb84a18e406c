using System.Net;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>
/// The names by which this server may be addressed. A page can make a name of its own lead to any address (DNS rebinding), and then its
/// browser takes this server for the page's own; the <c>Host</c> that it sends is what gives it away.
/// </summary>
internal sealed class HostNames
{
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _suffixes = [];

    public HostNames(IOptions<ChatBackendOptions> options)
    {
        foreach (var name in options.Value.AllowedHosts.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name.StartsWith("*.", StringComparison.Ordinal))
            {
                _suffixes.Add(name[1..]);
            }
            else
            {
                _names.Add(name);
            }
        }

        // An operator who lists an origin trusts its name; behind a proxy on the same machine it is the server's own.
        _names.UnionWith(options.Value.Connections.AllowedOrigins.Select(WebOrigin.Parse).OfType<WebOrigin>().Select(origin => origin.Host));
    }

    /// <summary>Whether the operator named it. An asterisk names nothing.</summary>
    public bool IsNamed(string host) =>
        _names.Contains(host) || _suffixes.Exists(suffix => host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether it may be answered to: what is named, what means this machine, and the very address that was connected to.</summary>
    /// <param name="host">Without its port.</param>
    /// <param name="local">The address that the connection reached.</param>
    public bool IsOwn(string host, IPAddress? local) =>
        _names.Contains("*")
        || IsNamed(host)
        || WebOrigin.IsLoopbackHost(host)
        || (local is not null && IPAddress.TryParse(host.Trim('[', ']'), out var literal) && Plain(literal).Equals(Plain(local)));

    // A socket that listens on [::] has IPv4 addresses in a form of IPv6.
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
