using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace ChatBackend.SystemTests;

/// <summary>
/// The built server in a process of its own, on free loopback ports, with its own data directory. Stopped by its pid on dispose.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private const int Sigterm = 15;

    private readonly Process _process;
    private readonly List<string> _log = [];
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Found)> _waits = [];
    private readonly List<Uri> _addresses = [];
    private readonly int _expectedAddresses;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _ownsDirectory;
    private readonly ServerSettings _settings;

    private ServerProcess(ServerSettings settings)
    {
        _settings = settings;
        _ownsDirectory = settings.DataDirectory is null;
        DataDirectory = settings.DataDirectory ?? Directory.CreateTempSubdirectory("chat-backend-").FullName;
        _expectedAddresses = settings.Urls.Split(';').Length;
        string[] command = [.. settings.Launcher, "dotnet", settings.Program ?? ServerDll, "--urls", settings.Urls, "--DataDirectory", DataDirectory, .. settings.Arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = DataDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the machine that runs the tests has set is not what they are about.
        foreach (var inherited in start.Environment.Keys.Where(key => key.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(inherited);
        }

        start.Environment["ASPNETCORE_ENVIRONMENT"] = settings.Environment;
        foreach (var (name, value) in settings.Configuration)
        {
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException("The server ended before it listened."));
    }

    /// <summary>The built server; the tests' output lies in the same place of its own project.</summary>
    public static string ServerDll { get; } = DllOf("src", "ChatBackend.Server");

    public string DataDirectory { get; }

    /// <summary>For a server that takes this one's place: the same data at the same addresses. The directory must be one that outlives the server.</summary>
    public ServerSettings Successor => _settings with { Urls = string.Join(';', _addresses) };

    public int Pid => _process.Id;

    public Uri Http => _addresses.First(address => address.Scheme == Uri.UriSchemeHttp);

    public Uri Https => _addresses.First(address => address.Scheme == Uri.UriSchemeHttps);

    /// <summary>The WebSocket, over TLS if the server listens with it.</summary>
    public Uri WebSocket
    {
        get
        {
            var address = _addresses.FirstOrDefault(address => address.Scheme == Uri.UriSchemeHttps) ?? Http;
            return new UriBuilder(address) { Scheme = address.Scheme == Uri.UriSchemeHttps ? "wss" : "ws", Path = $"{_settings.Prefix}/ws" }.Uri;
        }
    }

    public string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join('\n', _log);
            }
        }
    }

    /// <summary>The warnings and errors of its log, but for runs and tools that failed as their script wants.</summary>
    public IReadOnlyList<string> Complaints => [.. Log.Split('\n').Where(line => ComplaintLine().IsMatch(line) && !line.Contains("Runs.AgentRun", StringComparison.Ordinal))];

    /// <summary>Returns when <c>/health/ready</c> answers 200. What fails says what the server wrote.</summary>
    public static async Task<ServerProcess> StartAsync(ServerSettings? settings = null)
    {
        var server = Launch(settings);
        try
        {
            using var deadline = new CancellationTokenSource(Deadline);
            await server._listening.Task.WaitAsync(deadline.Token);
            await server.UntilReadyAsync(deadline.Token);
            return server;
        }
        catch (Exception ex)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"The server did not become ready. It wrote:\n{server.Log}", ex);
        }
    }

    /// <summary>What the build made of another project.</summary>
    public static string DllOf(string folder, string project) => Path.Combine(
        AppContext.BaseDirectory.Replace(Path.Combine("tests", "ChatBackend.SystemTests"), Path.Combine(folder, project), StringComparison.Ordinal), $"{project}.dll");

    /// <summary>Starts it and waits for nothing: for starts that are meant to fail.</summary>
    public static ServerProcess Launch(ServerSettings? settings = null)
    {
        var server = new ServerProcess(settings ?? new ServerSettings());
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>The first line of the log that matches, of those written or else of those to come.</summary>
    public async Task<string> LineAsync(Func<string, bool> matches)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_log)
        {
            if (_log.Find(line => matches(line)) is { } past)
            {
                return past;
            }

            _waits.Add((matches, found));
        }

        return await found.Task.Soon();
    }

    /// <summary>As a crash or <c>kill -9</c> ends it: nothing of it runs any more.</summary>
    public Task<int> KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        return ExitAsync();
    }

    /// <summary>As an orchestrator ends it: SIGTERM, then its exit code.</summary>
    public Task<int> TerminateAsync()
    {
        Signal(Sigterm);
        return ExitAsync();
    }

    /// <summary>Sends a signal by number and does not wait.</summary>
    public void Signal(int signal) => _ = SendSignal(_process.Id, signal);

    public async Task<int> ExitAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        if (_ownsDirectory)
        {
            Directory.Delete(DataDirectory, recursive: true);
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.Add(line);
            foreach (var (matches, found) in _waits)
            {
                if (matches(line))
                {
                    found.TrySetResult(line);
                }
            }

            if (ListeningLine().Match(line) is { Success: true } match)
            {
                _addresses.Add(new Uri(match.Groups[1].Value));
            }

            if (_addresses.Count == _expectedAddresses)
            {
                _listening.TrySetResult();
            }
        }
    }

    private async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        using var http = Trusting.Client(_addresses[0]);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do
        {
            using var response = await http.GetAsync(new Uri($"{_settings.Prefix}/health/ready", UriKind.Relative), cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    // Readable in Development; inside a JSON string elsewhere.
    [GeneratedRegex("""Now listening on: (?:\\")?(https?://[^\s"\\]+)""")]
    private static partial Regex ListeningLine();

    [GeneratedRegex(@"^[\d:.]+ (WRN|ERR|FTL) ")]
    private static partial Regex ComplaintLine();

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
