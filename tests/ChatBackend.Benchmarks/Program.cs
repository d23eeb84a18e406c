using System.Globalization;
using ChatBackend.Benchmarks;

// One benchmark by its name. Numbers of one run are to be compared with one another, not with those of another machine.
switch (args)
{
    case ["store", .. var rest] when rest.Length <= 2:
        var threads = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 10_000;
        var events = rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : 1_000_000;
        return await StoreBenchmark.RunAsync(threads, events) ? 0 : 1;
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/ChatBackend.Benchmarks -- store [threads [events]]");
        return 2;
}
