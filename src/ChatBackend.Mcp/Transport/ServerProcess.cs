using System.Diagnostics;
using System.Threading.Channels;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace ChatBackend.Mcp.Transport;

/// <summary>A server that is a program, from its start to its end. The SDK's own transport reads lines of any length; this one does not.</summary>
internal sealed class ServerProcess : ITransport
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly ITransport _transport;
    private readonly Task _errors;
    private readonly TimeProvider _clock;
    private int _disposed;

    private ServerProcess(Process process, ITransport transport, Task errors, TimeProvider clock) =>
        (_process, _transport, _errors, _clock) = (process, transport, errors, clock);

    /// <summary>Null while it runs.</summary>
    public int? ExitCode { get; private set; }

    public string? SessionId => _transport.SessionId;

    public ChannelReader<JsonRpcMessage> MessageReader => _transport.MessageReader;

    public static async Task<ServerProcess> StartAsync(McpServerOptions options, IReadOnlyDictionary<string, string> environment, StandardErrorLines errors, TimeProvider clock)
    {
        var start = new ProcessStartInfo(options.Command!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        if (options.WorkingDirectory is { Length: > 0 } directory)
        {
            start.WorkingDirectory = directory;
        }

        foreach (var argument in options.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // Not what this process was given: its keys are not for the programs that it starts.
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{options.Command} was not started.");
        var output = new BoundedStream(process.StandardOutput.BaseStream, options.MaxMessageBytes, MessageEnd.Line, clock);
        var transport = await new StreamClientTransport(process.StandardInput.BaseStream, output).ConnectAsync(CancellationToken.None);
        return new ServerProcess(process, transport, errors.ReadAsync(process.StandardError.BaseStream), clock);
    }

    public Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default) => _transport.SendMessageAsync(message, cancellationToken);

    /// <summary>Closes its input, gives it a moment, and ends it with all that it started.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        using (_process)
        {
            await EndAsync();
            ExitCode = _process.HasExited ? _process.ExitCode : null;
            await _transport.DisposeAsync();
            await Task.WhenAny(_errors, Task.Delay(TimeToEnd, _clock));
        }
    }

    private async Task EndAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not read any more.
        }

        using var time = new CancellationTokenSource(TimeToEnd, _clock);
        try
        {
            await _process.WaitForExitAsync(time.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }
}
