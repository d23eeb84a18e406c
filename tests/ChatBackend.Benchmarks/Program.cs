using System.Globalization;
using ChatBackend.Benchmarks;
using ChatBackend.Benchmarks.Rivals;

// One benchmark by its name. Numbers of one run are to be compared with one another, not with those of another machine.
switch (args)
{
    case ["store", .. var rest] when rest.Length <= 2:
        var threads = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 10_000;
        var events = rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : 1_000_000;
        return await StoreBenchmark.RunAsync(threads, events) ? 0 : 1;
    case ["rival", .. var rest]:
        return await RivalHost.RunAsync(rest);
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/ChatBackend.Benchmarks -- store [threads [events]]");
        Console.Error.WriteLine(RivalHost.Usage);
        return 2;
}
