using System.Reflection;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Following;

/// <summary>A log of which only its name and pages are asked for.</summary>
public class PagesOnly : DispatchProxy
{
    private Func<long, int, IReadOnlyList<StoredEvent>> _read = null!;

    /// <param name="read">Gets after which event, and how many at most.</param>
    internal static IEventLog Log(Func<long, int, IReadOnlyList<StoredEvent>> read)
    {
        var log = Create<IEventLog, PagesOnly>();
        ((PagesOnly)(object)log)._read = read;
        return log;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
    {
        "get_LogId" => "log_1",
        nameof(IEventLog.ReadAsync) => Task.FromResult(_read((long)args![1]!, (int)args[2]!)),
        var called => throw new InvalidOperationException($"{called} is not asked for."),
    };
}
