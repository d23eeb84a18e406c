using System.Diagnostics;

namespace ChatBackend.SystemTests;

/// <summary>What only the tools of the system do: owners, mounts, namespaces.</summary>
internal static class Shell
{
    /// <returns>What it wrote; an exit code that is not 0 fails the test with it.</returns>
    public static Task<string> RunAsync(string script) => RunAsync("sh", "-c", script);

    public static Task<string> RunAsync(string command, params string[] arguments) => RunAsync(Clients.Patience, command, arguments);

    public static async Task<string> RunAsync(TimeSpan patience, string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(patience);
        var text = await output + await errors;
        process.ExitCode.Should().Be(0, text);
        return text;
    }
}
