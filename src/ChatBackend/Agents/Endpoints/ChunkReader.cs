using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace ChatBackend.Agents.Endpoints;

/// <summary>
/// The JSON objects of one response, as server-sent events or as they are, bounded in the length of one and of all. Understands what servers write
/// beside the standard: events without a blank line at the end, JSON without <c>data:</c>, several lines of one object, an error in a field of its own.
/// </summary>
/// <param name="silence">How long nothing may come in the middle.</param>
/// <param name="patience">How long nothing may come at the beginning.</param>
internal sealed class ChunkReader(Stream response, TimeSpan silence, TimeSpan patience, TimeProvider clock)
{
    /// <summary>Of one line, so also of one object that is sent as an event.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    /// <summary>Of one response.</summary>
    public const int MaxBytes = 32 * 1024 * 1024;

    private static readonly JsonDocumentOptions Tolerant = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
    private static readonly JsonReaderOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly PipeReader _pipe = PipeReader.Create(response);
    private readonly ArrayBufferWriter<byte> _unfinished = new(); // lines that are no whole object yet
    private readonly ArrayBufferWriter<byte> _joined = new(); // a line that came in several pieces
    private SequencePosition? _next; // after the line that is looked at
    private long _read;

    /// <summary>Whether the server said that its answer is over.</summary>
    public bool IsDone { get; private set; }

    /// <summary>What came first that is nothing of an answer, for the operator.</summary>
    public byte[] Unknown { get; private set; } = [];

    /// <summary>Each is there until the next one is asked for: it lies in the memory that was read into.</summary>
    /// <exception cref="ModelException">More came than may, or nothing for too long, or what came is no JSON.</exception>
    public async IAsyncEnumerable<JsonElement> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await LineAsync(cancellationToken) is { } line)
        {
            using (var chunk = Take(line))
            {
                if (chunk is not null)
                {
                    yield return chunk.RootElement;
                }
            }

            if (IsDone)
            {
                yield break;
            }
        }

        if (_unfinished.WrittenCount > 0)
        {
            using var chunk = Parse(_unfinished.WrittenMemory);
            yield return chunk.RootElement;
        }
    }

    // Null at the end of the response. A last line needs no end. It is there until the next one is asked for.
    private async ValueTask<ReadOnlyMemory<byte>?> LineAsync(CancellationToken cancellationToken)
    {
        if (_next is { } next)
        {
            _pipe.AdvanceTo(next);
            _next = null;
        }

        while (true)
        {
            var read = await NextAsync(cancellationToken);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                return Line(buffer.Slice(0, end), buffer.GetPosition(1, end));
            }

            if (read.IsCompleted)
            {
                // Not by ?: , where null would be a line without bytes.
                if (buffer.IsEmpty)
                {
                    return null;
                }

                return Line(buffer, buffer.End);
            }

            if (buffer.Length > MaxLineBytes)
            {
                throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent a line of more than {MaxLineBytes} bytes.");
            }

            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private ReadOnlyMemory<byte> Line(ReadOnlySequence<byte> line, SequencePosition next)
    {
        _next = next;
        _read += line.Length + 1;
        if (_read > MaxBytes)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent more than {MaxBytes} bytes in one answer.");
        }

        if (line.IsSingleSegment)
        {
            return line.First;
        }

        _joined.ResetWrittenCount();
        foreach (var segment in line)
        {
            _joined.Write(segment.Span);
        }

        return _joined.WrittenMemory;
    }

    private async ValueTask<ReadResult> NextAsync(CancellationToken cancellationToken)
    {
        var reading = _pipe.ReadAsync(cancellationToken);
        if (reading.IsCompletedSuccessfully)
        {
            return reading.Result;
        }

        var bound = _read == 0 ? patience : silence;
        try
        {
            return await reading.AsTask().WaitAsync(bound, clock, cancellationToken);
        }
        catch (TimeoutException ex)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent nothing for {bound.TotalSeconds:0.###} s.", inner: ex);
        }
        catch (Exception ex) when (ex is IOException or HttpRequestException or InvalidDataException)
        {
            throw new ModelException(ModelErrorKind.Unavailable, "The answer was cut off.", inner: ex);
        }
    }

    private JsonDocument? Take(ReadOnlyMemory<byte> line)
    {
        line = line.TrimEnd((byte)'\r');
        if (line.Span.StartsWith("\uFEFF"u8))
        {
            line = line["\uFEFF"u8.Length..];
        }

        var isEnd = line.IsEmpty;
        if (line.Span.StartsWith("data:"u8))
        {
            line = line["data:"u8.Length..].Trim((byte)' ');
        }
        else if (line.Span.StartsWith("error:"u8))
        {
            return Parse((byte[])[.. "{\"error\":"u8, .. line.Span["error:"u8.Length..], (byte)'}']);
        }
        else if (_unfinished.WrittenCount == 0 && !isEnd && line.Span.TrimStart((byte)' ') is not [(byte)'{' or (byte)'[', ..])
        {
            if (Unknown.Length == 0 && !IsField(line.Span))
            {
                Unknown = line.ToArray();
            }

            return null;
        }

        if (Ascii.EqualsIgnoreCase(line.Span.Trim((byte)'"'), "[DONE]"u8))
        {
            IsDone = true;
            return null;
        }

        return line.IsEmpty && _unfinished.WrittenCount == 0 ? null : Whole(line, isEnd);
    }

    // Nearly all stand in one line. One that does not is parsed once: when a blank line ends it, or the response does.
    private JsonDocument? Whole(ReadOnlyMemory<byte> line, bool isEnd)
    {
        if (_unfinished.WrittenCount == 0 && !IsIncomplete(line.Span))
        {
            return Parse(line);
        }

        if (_unfinished.WrittenCount + line.Length > MaxLineBytes)
        {
            throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint sent an object of more than {MaxLineBytes} bytes.");
        }

        _unfinished.Write(line.Span);
        _unfinished.Write("\n"u8);
        if (!isEnd)
        {
            return null;
        }

        var chunk = Parse(_unfinished.WrittenMemory);
        _unfinished.ResetWrittenCount(); // it is written to when the next line comes
        return chunk;
    }

    private static bool IsField(ReadOnlySpan<byte> line) =>
        line is [(byte)':', ..] || line.StartsWith("event"u8) || line.StartsWith("id"u8) || line.StartsWith("retry"u8);

    private static bool IsIncomplete(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(Lenient));
        var open = 0;
        try
        {
            while (reader.Read())
            {
                open += reader.TokenType switch
                {
                    JsonTokenType.StartObject or JsonTokenType.StartArray => 1,
                    JsonTokenType.EndObject or JsonTokenType.EndArray => -1,
                    _ => 0,
                };
            }

            return open > 0 || reader.BytesConsumed == 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, Tolerant);
        }
        catch (JsonException ex)
        {
            throw NoJson(json.Span, ex);
        }
    }

    private static ModelException NoJson(ReadOnlySpan<byte> what, Exception inner) =>
        new(ModelErrorKind.Unavailable, $"The endpoint sent what is no JSON: {Excerpt.Of(what)}", inner: inner);
}
