using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using ChatBackend.Mcp;

namespace ChatBackend.SystemTests.Mcp;

/// <summary>The MCP reference servers from npm, in the versions of <c>servers/package-lock.json</c>. <c>tests/run</c> installs them.</summary>
internal static class ReferenceServers
{
    public static string Everything => Installed("@modelcontextprotocol/server-everything/dist/index.js");

    public static string Filesystem => Installed("@modelcontextprotocol/server-filesystem/dist/index.js");

    public static string Hostile => Path.Combine(Folder, "hostile.mjs");

    /// <summary>Where they are installed.</summary>
    public static string Folder { get; } = FolderOf();

    public static McpServerOptions Program(string script, params string[] arguments) =>
        new() { Command = "node", Arguments = [script, .. arguments], StartWait = Clients.Patience, StartTimeout = Clients.Patience };

    /// <summary>The processes that this one, or the given one, has started with an argument that ends so.</summary>
    public static IReadOnlyList<int> Running(string argument, int? parent = null)
    {
        var of = parent ?? Environment.ProcessId;
        return [.. Process.GetProcessesByName("node").Where(process => IsOurs(process.Id, of, argument)).Select(process => process.Id)];
    }

    public static async Task<HttpServer> ListenAsync(int port = 0)
    {
        if (port == 0)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        var start = new ProcessStartInfo("node", [Everything, "streamableHttp"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PORT"] = $"{port}";
        var process = Process.Start(start)!;
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("listening", StringComparison.Ordinal) is true)
            {
                listens.TrySetResult();
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await listens.Task.Soon();
        return new HttpServer(process, port);
    }

    private static bool IsOurs(int pid, int parent, string argument)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == $"{parent}"
                && File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Any(part => part.EndsWith(argument, StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false; // it has just ended
        }
    }

    private static string Installed(string script)
    {
        var path = Path.Combine(Folder, "node_modules", script);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{script} is not installed: run tests/run, or npm ci in {Folder}.");
    }

    private static string FolderOf([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "servers");
}

/// <summary>The reference server at an address.</summary>
internal sealed class HttpServer(Process process, int port) : IDisposable
{
    public int Port => port;

    public string Url => $"http://127.0.0.1:{port}/mcp";

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        using (process)
        {
            if (!process.HasExited)
            {
                Kill();
            }
        }
    }
}
