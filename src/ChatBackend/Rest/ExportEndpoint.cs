using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace ChatBackend.Rest;

/// <summary>A whole thread as a download, read and sent in pages: it is never in memory as a whole.</summary>
internal static class ExportEndpoint
{
    private const int PageEvents = 256;
    private const int PageBytes = 256 * 1024;

    public static void MapExport(this IEndpointRouteBuilder api) =>
        api.MapGet("/threads/{thread_id}/export", ExportAsync).Describe("export_thread", "The whole thread as a download, as JSON or Markdown.")
            .Produces<byte[]>(StatusCodes.Status200OK, "application/json", "text/markdown").ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task ExportAsync(
        HttpContext http, IThreadStore store, IEventLog log, Quarantine quarantine, TimeProvider clock, [FromRoute(Name = "thread_id")] ThreadId id, ExportFormat format = ExportFormat.json)
    {
        var isMarkdown = format == ExportFormat.markdown;
        var user = RestSession.UserOf(http);
        var thread = await store.FindAsync(user, id, http.RequestAborted) ?? throw ProtocolException.NotFound();
        await quarantine.AdmitAsync(thread.Thread, user);
        var events = new Source(log, quarantine, user, thread);
        // What was replaced is known only at the end, and what comes first depends on it.
        var replaced = await ReplacedMessages.ReadAsync(thread.Thread, events.ReadAsync(http.RequestAborted));
        http.Response.ContentType = isMarkdown ? "text/markdown; charset=utf-8" : "application/json; charset=utf-8";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{FileName(thread)}.{(isMarkdown ? "md" : "json")}\"";
        await (isMarkdown
            ? WriteMarkdownAsync(http, events, thread, replaced, clock.GetUtcNow())
            : WriteJsonAsync(http, store, events, thread, replaced, clock.GetUtcNow()));
    }

    private static async Task WriteJsonAsync(HttpContext http, IThreadStore store, Source events, ThreadRecord thread, ReplacedMessages replaced, DateTimeOffset now)
    {
        var body = http.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        foreach (var member in JsonSerializer.SerializeToElement(ThreadView.Of(thread), RestJson.Default.ThreadView).EnumerateObject())
        {
            member.WriteTo(json);
        }

        json.WriteString("exported_at", RestTime.Of(now));
        json.WriteStartArray("replaced");
        foreach (var span in replaced.Spans)
        {
            json.WriteStartObject();
            json.WriteNumber("after_seq", span.AfterSeq);
            json.WriteNumber("before_seq", span.BeforeSeq);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        var large = new List<CallId>();
        json.WriteStartArray("events");
        await foreach (var stored in events.ReadAsync(http.RequestAborted))
        {
            if (stored.Json.Span.IndexOf("\"result_bytes\":"u8) >= 0 && stored.Decode(thread.Thread) is ToolCompleted { ResultBytes: not null, CallId: var call })
            {
                large.Add(call);
            }

            json.WriteRawValue(stored.Json.Span, skipInputValidation: true);
            if (json.BytesPending > PageBytes)
            {
                json.Flush();
                await body.FlushAsync(http.RequestAborted);
            }
        }

        json.WriteEndArray();
        json.WriteStartObject("tool_results");
        foreach (var call in large)
        {
            json.WritePropertyName(call.Value);
            json.WriteRawValue((await WholeAsync(store, thread.Thread, call, http.RequestAborted)).Span, skipInputValidation: true);
            json.Flush();
            await body.FlushAsync(http.RequestAborted);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static async Task<ReadOnlyMemory<byte>> WholeAsync(IThreadStore store, ThreadId thread, CallId call, CancellationToken cancellationToken)
    {
        var whole = new ArrayBufferWriter<byte>();
        ResultPiece? piece;
        do
        {
            piece = await store.ReadResultAsync(thread, call, whole.WrittenCount / WholeResult.PieceBytes, cancellationToken) ?? throw ProtocolException.NotFound();
            whole.Write(piece.Bytes.Span);
        }
        while (whole.WrittenCount < piece.Total);
        return whole.WrittenMemory;
    }

    private static async Task WriteMarkdownAsync(HttpContext http, Source events, ThreadRecord thread, ReplacedMessages replaced, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var markdown = new MarkdownThread(text, replaced);
        markdown.Begin(thread, now);
        await foreach (var stored in events.ReadAsync(http.RequestAborted))
        {
            markdown.Add(stored.Decode(thread.Thread));
            if (text.Length > PageBytes)
            {
                await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
                text.Clear();
            }
        }

        await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
    }

    private static string FileName(ThreadRecord thread) =>
        string.Concat(thread.Thread.Value.Where(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-'));

    private sealed class Source(IEventLog log, Quarantine quarantine, UserId user, ThreadRecord thread)
    {
        /// <summary>What is there when the export begins; fails when some of it goes meanwhile.</summary>
        public async IAsyncEnumerable<StoredEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var seq = thread.HistoryBegins - 1; seq < thread.Head;)
            {
                var page = await log.ReadAsync(thread.Thread, seq, PageEvents, PageBytes, cancellationToken);
                quarantine.Check(thread.Thread, page);
                if (page.Count == 0 || page[0].Seq != seq + 1)
                {
                    throw await quarantine.MustHoldAsync(user, thread.Thread, seq + 1)
                        ? new UnreadableThreadException(thread.Thread, seq + 1, "it is missing.")
                        : ProtocolException.NotFound();
                }

                foreach (var stored in page.TakeWhile(stored => stored.Seq <= thread.Head))
                {
                    yield return stored;
                    seq = stored.Seq;
                }
            }
        }
    }
}

/// <summary>How an export is written.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ExportFormat>))]
internal enum ExportFormat
{
    // As in the query: ASP.NET Core finds a member by its exact name.
    json,
    markdown,
}
