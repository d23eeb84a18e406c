using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ChatBackend.SystemTests.Samples;

/// <summary>A program that is typed to: its output is read by character, in order. Ended by its id on dispose.</summary>
internal sealed class TerminalProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _unread = new();
    private readonly char[] _buffer = new char[1024];

    // What a shell starts in the background ignores Ctrl+C, and so does all that it starts: tests too.
    public TerminalProcess(string program, string[] arguments) => _process = Process.Start(
        new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", program, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    public void Write(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Reads on to the end of the first occurrence of the text.</summary>
    public async Task UntilAsync(string text)
    {
        int at;
        while ((at = _unread.ToString().IndexOf(text, StringComparison.Ordinal)) < 0)
        {
            var count = await ReadAsync(text);
            count.Should().BePositive("it shall write '{0}', and ended with '{1}'", text, _unread);
            _unread.Append(_buffer, 0, count);
        }

        _unread.Remove(0, at + text.Length);
    }

    /// <summary>Ctrl+C.</summary>
    public Task InterruptAsync() => Shell.RunAsync("kill", "-INT", _process.Id.ToString(CultureInfo.InvariantCulture));

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().Soon();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().Soon();
        }

        _process.Dispose();
    }

    private async Task<int> ReadAsync(string text)
    {
        try
        {
            return await _process.StandardOutput.ReadAsync(_buffer.AsMemory()).AsTask().Soon();
        }
        catch (TimeoutException ex)
        {
            throw new TimeoutException($"It did not write '{text}'. Unread: {_unread}", ex);
        }
    }
}
