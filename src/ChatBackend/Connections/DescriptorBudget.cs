namespace ChatBackend.Connections;

/// <summary>How the file descriptors of the process are divided: each socket takes one, and what the server opens itself must never be without.</summary>
/// <param name="Limit">How many the process may have.</param>
/// <param name="Used">How many it has before its first client.</param>
/// <param name="Reserved">Those kept for what the server opens itself: the log, calls of models, assemblies that load with their first use.</param>
internal sealed record DescriptorBudget(int Limit, int Used, int Reserved)
{
    // With fewer, loading an assembly fails sooner or later, and that can end the process.
    private const int LeastReserved = 24;

    // What the server has needed before its first client, and a few.
    private const int LeastLimit = 416;

    private const string Remedy = "Raise the limit (ulimit -n, LimitNOFILE=, --ulimit nofile=).";

    /// <summary>For the beginning of a start: with fewer, loading an assembly may fail anywhere in it.</summary>
    /// <exception cref="InvalidOperationException">The limit does not suffice for a start.</exception>
    public static void Require(int limit)
    {
        if (limit < LeastLimit)
        {
            throw new InvalidOperationException($"This process may open {limit} files and needs {LeastLimit} to start. {Remedy}");
        }
    }

    /// <summary>Where little is left, the reserve is half of it.</summary>
    /// <exception cref="InvalidOperationException">The limit leaves no room for clients.</exception>
    public static DescriptorBudget Of(int limit, int used, int reserve)
    {
        var left = limit - used;
        return left >= 2 * LeastReserved
            ? new DescriptorBudget(limit, used, Math.Min(reserve, left / 2))
            : throw new InvalidOperationException(
                $"This process may open {limit} files and needs {used} before its first client. {Remedy}");
    }

    /// <summary>All sockets, those without an upgrade included.</summary>
    public int Sockets => Limit - Used - Reserved;

    /// <summary>Connections that may be open; the other sockets are for requests, and for those that are told that there is no place.</summary>
    public int Connections => Sockets - Math.Min(Sockets / 8, 256);

    /// <summary>
    /// The first descriptor that no socket may have. The system gives the lowest free number, so the number of a new socket tells
    /// how many descriptors the whole process uses. Half of the reserve may have been used up by then, the other half is free.
    /// </summary>
    public int FirstRefused => Limit - (Reserved / 2);

    /// <summary>The limit with which as many connections fit.</summary>
    public int LimitFor(int connections) => Used + Reserved + connections + Math.Clamp(connections / 7, 1, 256);
}
