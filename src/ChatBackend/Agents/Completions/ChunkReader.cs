using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace ChatBackend.Agents.Completions;

/// <summary>
/// The JSON objects of one response, as server-sent events or as they are, bounded in the length of one and of all. Understands what servers write
/// beside the standard: events without a blank line at the end, JSON without <c>data:</c>, several lines of one object, an error in a field of its own.
/// </summary>
internal sealed class ChunkReader(Stream response, TimeSpan silence, TimeProvider clock)
{
    /// <summary>Of one line, so also of one object that is sent as an event.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    /// <summary>Of one response.</summary>
    public const int MaxBytes = 32 * 1024 * 1024;

    private static readonly JsonDocumentOptions Tolerant = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly PipeReader _pipe = PipeReader.Create(response);
    private byte[] _unfinished = []; // lines that are no whole object yet
    private long _read;

    /// <summary>Whether the server said that its answer is over.</summary>
    public bool IsDone { get; private set; }

    /// <summary>What came first that is nothing of an answer, for the operator.</summary>
    public byte[] Unknown { get; private set; } = [];

    /// <exception cref="ModelException">More came than may, or nothing for too long, or what came is no JSON.</exception>
    public async IAsyncEnumerable<JsonElement> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await LineAsync(cancellationToken) is { } line)
        {
            if (Take(line) is { } chunk)
            {
                yield return chunk;
            }

            if (IsDone)
            {
                yield break;
            }
        }

        if (_unfinished.Length > 0)
        {
            throw NoJson(_unfinished, null);
        }
    }

    // Null at the end of the response. A last line needs no end.
    private async ValueTask<byte[]?> LineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await NextAsync(cancellationToken);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end).ToArray();
                Consume(buffer.GetPosition(1, end), line.Length + 1);
                return line;
            }

            if (read.IsCompleted)
            {
                var last = buffer.ToArray();
                Consume(buffer.End, last.Length);
                return last.Length > 0 ? last : null;
            }

            if (buffer.Length > MaxLineBytes)
            {
                throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent a line of more than {MaxLineBytes} bytes.");
            }

            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private void Consume(SequencePosition to, int bytes)
    {
        _pipe.AdvanceTo(to);
        _read += bytes;
        if (_read > MaxBytes)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent more than {MaxBytes} bytes in one answer.");
        }
    }

    private async ValueTask<ReadResult> NextAsync(CancellationToken cancellationToken)
    {
        var reading = _pipe.ReadAsync(cancellationToken);
        if (reading.IsCompletedSuccessfully)
        {
            return reading.Result;
        }

        try
        {
            return await reading.AsTask().WaitAsync(silence, clock, cancellationToken);
        }
        catch (TimeoutException ex)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent nothing for {silence.TotalSeconds:0.###} s.", inner: ex);
        }
        catch (Exception ex) when (ex is IOException or HttpRequestException)
        {
            throw new ModelException(ModelErrorKind.Unavailable, "The answer was cut off.", inner: ex);
        }
    }

    private JsonElement? Take(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd((byte)'\r');
        var isEnd = line.IsEmpty;
        if (line.StartsWith("data:"u8))
        {
            line = line["data:"u8.Length..].Trim((byte)' ');
        }
        else if (line.StartsWith("error:"u8))
        {
            return Parse([.. "{\"error\":"u8, .. line["error:"u8.Length..], (byte)'}']);
        }
        else if (_unfinished.Length == 0 && !isEnd && line.TrimStart((byte)' ') is not [(byte)'{' or (byte)'[', ..])
        {
            if (Unknown.Length == 0 && !IsField(line))
            {
                Unknown = line.ToArray();
            }

            return null;
        }

        if (line.SequenceEqual("[DONE]"u8))
        {
            IsDone = true;
            return null;
        }

        return line.IsEmpty && _unfinished.Length == 0 ? null : Whole(line, isEnd);
    }

    // An object that stands in several lines is whole once it can be parsed. As events, a blank line ends it; as JSON alone, only the response does.
    private JsonElement? Whole(ReadOnlySpan<byte> line, bool isEnd)
    {
        byte[] json = _unfinished.Length == 0 ? line.ToArray() : [.. _unfinished, (byte)'\n', .. line];
        if (json.Length > MaxLineBytes)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent an object of more than {MaxLineBytes} bytes.");
        }

        _unfinished = [];
        try
        {
            return Parse(json);
        }
        catch (ModelException) when (!isEnd && IsIncomplete(json))
        {
            _unfinished = json;
            return null;
        }
    }

    private static bool IsField(ReadOnlySpan<byte> line) =>
        line is [(byte)':', ..] || line.StartsWith("event"u8) || line.StartsWith("id"u8) || line.StartsWith("retry"u8);

    private static bool IsIncomplete(byte[] json)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, default);
        try
        {
            while (reader.Read())
            {
            }

            return reader.CurrentDepth > 0 || !JsonDocument.TryParseValue(ref reader, out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonElement Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Tolerant);
            return document.RootElement.Clone();
        }
        catch (JsonException ex)
        {
            throw NoJson(json, ex);
        }
    }

    private static ModelException NoJson(byte[] what, Exception? inner) =>
        new(ModelErrorKind.Unavailable, $"The endpoint sent what is no JSON: {Excerpt.Of(what)}", inner: inner);
}
