using System.Text.RegularExpressions;

namespace ChatBackend.Mcp.Servers;

/// <summary>Takes the secrets that a server was given out of what it sends: it may repeat them anywhere. Secrets are added as they are used.</summary>
internal sealed partial class SecretMask
{
    private const int LeastPart = 8;
    private const int MaxPassing = 500;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _own = [];
    private readonly Queue<string> _passing = [];
    private volatile string[] _forms = [];

    /// <summary>The secret, what follows the scheme in it, as in <c>Bearer token</c>, and both as they stand in JSON and in URLs.</summary>
    public void Add(string? secret)
    {
        lock (_lock)
        {
            if (secret is not null && _own.Add(secret))
            {
                Prepare();
            }
        }
    }

    /// <summary>A secret of one user or one time: the newest of them are known.</summary>
    public void AddPassing(string secret)
    {
        lock (_lock)
        {
            if (_passing.Contains(secret))
            {
                return;
            }

            _passing.Enqueue(secret);
            if (_passing.Count > MaxPassing)
            {
                _passing.Dequeue();
            }

            Prepare();
        }
    }

    /// <summary>What was given by value, or by a claim, is a secret when its name says so.</summary>
    public void AddIfNamedSecret(string name, string value)
    {
        if (SecretName().IsMatch(name))
        {
            AddPassing(value);
        }
    }

    public string Apply(string text) => SecretForms.TakeOut(_forms, text);

    private void Prepare() => _forms = SecretForms.Of(_own.Concat(_passing)
        .SelectMany(secret => secret.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Where(part => part.Length >= LeastPart).Prepend(secret)));

    [GeneratedRegex("KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
