using System.Text;

namespace ChatBackend.Mcp.Transport;

/// <summary>What a program writes to its standard error: each line is cut and passed on, the last one is kept. It is always read, since a program stops when its output is not read.</summary>
internal sealed class StandardErrorLines(Action<string> write, TimeProvider clock)
{
    public const int MaxLength = 1000; // UTF-16 code units
    public const int MaxLinesPerMinute = 300;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private int _lines;
    private long _windowBegan = clock.GetTimestamp();

    public string? Last { get; private set; }

    public async Task ReadAsync(Stream output)
    {
        using var reader = new StreamReader(new BoundedStream(output, int.MaxValue, MessageEnd.Line, clock), Encoding.UTF8);
        var buffer = new char[4096];
        var line = new StringBuilder();
        try
        {
            while (await reader.ReadAsync(buffer.AsMemory()) is > 0 and var read)
            {
                foreach (var character in buffer.AsSpan(0, read))
                {
                    if (character == '\n')
                    {
                        End(line);
                    }
                    else if (line.Length < MaxLength * 2)
                    {
                        line.Append(character);
                    }
                }
            }
        }
        catch (Exception ex) when (ex is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The program is over, and what it wrote last with it.
        }

        End(line);
    }

    private void End(StringBuilder line)
    {
        var text = line.ToString().Trim();
        line.Clear();
        if (text.Length == 0)
        {
            return;
        }

        Last = text;
        if (clock.GetElapsedTime(_windowBegan) >= Window)
        {
            (_lines, _windowBegan) = (0, clock.GetTimestamp());
        }

        if (_lines++ < MaxLinesPerMinute)
        {
            write(text);
        }
    }
}
