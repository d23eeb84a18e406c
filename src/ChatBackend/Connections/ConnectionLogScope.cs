using System.Collections;

namespace ChatBackend.Connections;

/// <summary>The ids in each line that is logged about a connection. There is one for as long as the socket: a dictionary would take six times the bytes.</summary>
internal sealed class ConnectionLogScope(ConnectionContext connection) : IReadOnlyList<KeyValuePair<string, object>>
{
    public int Count => 2;

    public KeyValuePair<string, object> this[int index] => index switch
    {
        0 => new("Connection", connection.Id.Value),
        1 => new("User", connection.Session.User.Value),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object>> GetEnumerator()
    {
        yield return this[0];
        yield return this[1];
    }

    public override string ToString() => $"Connection:{connection.Id} User:{connection.Session.User}";

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
