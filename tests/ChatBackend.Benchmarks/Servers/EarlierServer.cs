using System.Diagnostics;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>Our server, built from an earlier commit in a temporary work tree.</summary>
internal sealed class EarlierServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _tree;

    private EarlierServer(string folder, string commit, string about)
    {
        (_folder, _tree) = (folder, Path.Combine(folder, "tree"));
        Contestant = Contestant.Earlier(commit, about, Path.Combine(_tree, "src", "ChatBackend.Server", "bin", "Release", "net10.0", "ChatBackend.Server.dll"));
    }

    public Contestant Contestant { get; }

    /// <param name="about">One line for the reader of the tables.</param>
    public static async Task<EarlierServer> BuildAsync(string commit, string about)
    {
        var server = new EarlierServer(Directory.CreateTempSubdirectory("chat-earlier-").FullName, commit, about);
        await RunAsync("git", "-C", Repository.Root, "worktree", "add", "--detach", server._tree, commit);
        try
        {
            await RunAsync("dotnet", "build", Path.Combine(server._tree, "src", "ChatBackend.Server"), "-c", "Release", "-v", "quiet", "-nologo");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("git", "-C", Repository.Root, "worktree", "remove", "--force", _tree);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {arguments[0]} failed: {output}");
        }
    }
}
