using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;

namespace ChatBackend.Storage;

/// <summary>What an operator may have the program do instead of serving: <c>check</c>, <c>backup</c>, <c>restore</c>, <c>compact</c>.</summary>
internal static class OperatorCommand
{
    private static readonly string[] Names = ["check", "backup", "restore", "compact"];

    /// <returns>Whether the program was started for a command.</returns>
    public static bool IsOne(IReadOnlyList<string> args) => args is [var name, ..] && Names.Contains(name);

    /// <summary>Carries it out and says in sentences what it found or did.</summary>
    /// <param name="args">The command's name, settings as the server takes them (<c>--DataDirectory=…</c>), a path, <c>--force</c>.</param>
    /// <returns>The exit code: 0 when all is well.</returns>
    public static int Run(IReadOnlyList<string> args, TextWriter output)
    {
        var isForced = args.Contains("--force");
        var (settings, paths) = Split([.. args.Skip(1).Where(arg => arg != "--force")]);
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddCommandLine(settings)
            .Build();
        var directory = Path.GetFullPath(configuration["DataDirectory"] is { Length: > 0 } path ? path : "data");
        try
        {
            return (args[0], paths) switch
            {
                ("check", []) => LogCheck.Run(directory, output),
                ("check", [var other]) => LogCheck.Run(Path.GetFullPath(other), output),
                ("backup", [var target]) => Backup.Write(directory, Path.GetFullPath(target), output),
                ("restore", [var source]) => Restore.Run(configuration, Path.GetFullPath(source), isForced, output),
                ("compact", []) => Compaction.Run(configuration, directory, output),
                _ => Usage(output),
            };
        }
        catch (SqliteException ex)
        {
            output.WriteLine($"{args[0]} failed on {directory}: {SqliteErrors.Remedy(ex)} ({ex.Message})");
            return 1;
        }
        catch (DirectoryInUseException)
        {
            output.WriteLine($"{args[0]} failed: a server or another command is at work on {directory}. Stop it first.");
            return 1;
        }
        catch (Exception ex) when (ex is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            output.WriteLine($"{args[0]} failed: {ex.Message}");
            return 1;
        }
    }

    private static int Usage(TextWriter output)
    {
        output.WriteLine("""
            check   [--DataDirectory=<path>] [<data directory or backup>]     looks for damage; the server may run
            backup  [--DataDirectory=<path>] <new directory>                  log, keys and a manifest; the server may run
            restore [--DataDirectory=<path>] <backup> [--force]               into a data directory whose server is stopped
            compact [--DataDirectory=<path>]                                  gives back free space; the server is stopped
            """);
        return 2;
    }

    private static (string[] Settings, string[] Paths) Split(string[] args)
    {
        var (settings, paths) = (new List<string>(), new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                paths.Add(args[i]);
                continue;
            }

            settings.Add(args[i]);
            if (!args[i].Contains('=', StringComparison.Ordinal) && i + 1 < args.Length)
            {
                settings.Add(args[++i]);
            }
        }

        return ([.. settings], [.. paths]);
    }
}
