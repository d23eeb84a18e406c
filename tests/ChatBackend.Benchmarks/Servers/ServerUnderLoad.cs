using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ChatBackend.Benchmarks.Servers;

/// <summary>A contestant's process, on processors of its own. Its log goes to a file, which costs the load runner nothing. Ended by its pid.</summary>
internal sealed partial class ServerUnderLoad : IAsyncDisposable
{
    private const int Sigterm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _log;
    private readonly string _directory;
    private readonly bool _ownsDirectory;
    private bool _isEnded;

    private ServerUnderLoad(Contestant contestant, Uri? model, string? directory, string? cores, IEnumerable<string> settings)
    {
        Contestant = contestant;
        _ownsDirectory = directory is null;
        _directory = directory ?? Directory.CreateTempSubdirectory("chat-benchmark-").FullName;
        _log = Path.Combine(_directory, "server.log");
        // The shell is replaced by what it starts, so that the process is the server.
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("/bin/sh")
            {
                ArgumentList =
                {
                    "-c", "exec \"$@\" > \"$0\" 2>&1", _log,
                },
                WorkingDirectory = _directory,
            },
        };
        string[] pinned = cores is null ? [] : ["taskset", "-c", cores];
        foreach (var part in (string[])[.. pinned, .. contestant.IsOurs ? ["dotnet", contestant.ServerDll] : contestant.Command, .. Settings(contestant, model), .. settings])
        {
            _process.StartInfo.ArgumentList.Add(part);
        }

        var environment = _process.StartInfo.Environment;
        foreach (var inherited in environment.Keys.Where(key => key.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || key.StartsWith("DOTNET_gc", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            environment.Remove(inherited);
        }

        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        _process.Start();
    }

    public Contestant Contestant { get; }

    public int Pid => _process.Id;

    public IPEndPoint Address { get; private set; } = null!;

    public Uri Http => new($"http://{Address}");

    /// <param name="model">Where the agent <c>feed</c> finds its model.</param>
    /// <param name="directory">Its data; its own and temporary when null.</param>
    public static Task<ServerUnderLoad> StartAsync(Contestant contestant, Uri? model = null, string? directory = null) =>
        StartAsync(contestant, Cores.AreSeparate ? Cores.OfServers : null, model, directory);

    /// <param name="cores">The processors that it has, for <c>taskset</c>; all when null.</param>
    /// <param name="settings">Further arguments of the command.</param>
    public static async Task<ServerUnderLoad> StartAsync(Contestant contestant, string? cores, Uri? model = null, string? directory = null, params IEnumerable<string> settings)
    {
        var server = new ServerUnderLoad(contestant, model, directory, cores, settings);
        try
        {
            server.Address = await server.ListeningAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A guest's token, where the server wants one.</summary>
    public async Task<string?> TokenAsync()
    {
        if (!Contestant.IsOurs)
        {
            return null;
        }

        using var http = new HttpClient { BaseAddress = Http };
        using var answer = await http.PostAsync(new Uri("/api/guests", UriKind.Relative), null);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
    }

    /// <summary>Returns when it takes connections.</summary>
    public async Task ReadyAsync()
    {
        using var http = new HttpClient { BaseAddress = Http };
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        do
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            if (answer.IsSuccessStatusCode)
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync());
    }

    /// <summary>How many handlers the server knows.</summary>
    public async Task<int> HandlersAsync()
    {
        using var http = new HttpClient { BaseAddress = Http };
        if (!Contestant.IsOurs)
        {
            return (await http.GetFromJsonAsync<JsonElement>(new Uri("/stats", UriKind.Relative))).GetProperty("handlers").GetInt32();
        }

        var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return int.Parse(Handlers().Match(metrics).Groups["count"].Value, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        if (!_process.HasExited)
        {
            _ = kill(_process.Id, Sigterm);
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        _process.Dispose();
        if (_ownsDirectory)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static string[] Settings(Contestant contestant, Uri? model) => contestant.IsOurs
        ?
        [
            "--urls", "http://127.0.0.1:0", "--DataDirectory", ".", "--Guests:Enabled=true", "--Agents:Script:Enabled=true", "--Agents:Default=script",
            .. model is null ? Array.Empty<string>() : ["--Agents:List:0:Name=feed", $"--Agents:List:0:Endpoint={model}", "--Agents:List:0:Model=feed"],
        ]
        :
        [
            .. contestant.Stores ? ["--data", "."] : Array.Empty<string>(),
            .. model is null ? Array.Empty<string>() : ["--model", model.ToString().TrimEnd('/')],
        ];

    private async Task<IPEndPoint> ListeningAsync()
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (await timer.WaitForNextTickAsync())
        {
            var log = File.Exists(_log) ? await File.ReadAllTextAsync(_log) : "";
            if (Listening().Match(log) is { Success: true } found)
            {
                return IPEndPoint.Parse(found.Groups["address"].Value);
            }

            if (_process.HasExited || Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new InvalidOperationException($"{Contestant.Name} does not listen. Its log: {log}");
            }
        }

        throw new UnreachableException();
    }

    [GeneratedRegex("listening on:? (\\\\\")?http://(?<address>127\\.0\\.0\\.1:[0-9]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Listening();

    [GeneratedRegex("^chat_connection_handlers(\\{\\})? (?<count>[0-9]+)", RegexOptions.Multiline)]
    private static partial Regex Handlers();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
