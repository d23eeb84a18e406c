using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace ChatBackend.Rest;

/// <summary>A thread's history in pages, exactly as on the wire.</summary>
internal static class EventEndpoints
{
    private const int StandardPage = 200;
    private const int MaxPage = 1000;
    private const int MaxBytes = 1024 * 1024;

    public static void MapEvents(this IEndpointRouteBuilder api) =>
        api.MapGet("/threads/{thread_id}/events", PageAsync).Describe("list_events", "A thread's events after a cursor, exactly as on the wire.")
            .Produces<EventPageView>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status410Gone);

    private static async Task<IResult> PageAsync(
        HttpContext http, IThreadStore store, IEventLog log, Quarantine quarantine, [FromQuery(Name = "after_at")] UtcTime? afterAt,
        [FromRoute(Name = "thread_id")] ThreadId id, [FromQuery(Name = "after_seq"), Range(typeof(long), "0", "9223372036854775807")] long afterSeq = 0, [Range(1, MaxPage)] int limit = StandardPage)
    {
        var after = new EventCursor(afterSeq, afterAt?.Value);
        var thread = await store.FindAsync(RestSession.UserOf(http), id, http.RequestAborted) ?? throw ProtocolException.NotFound();
        await quarantine.AdmitAsync(id, RestSession.UserOf(http));
        await after.RequireAsync(thread, log, http.RequestAborted);
        var events = await log.ReadAsync(id, after.Seq, limit, MaxBytes, http.RequestAborted);
        quarantine.Check(id, events);
        var next = after.Seq + 1;
        if ((events.Count == 0 ? next <= thread.Head : events[0].Seq != next) && await quarantine.MustHoldAsync(RestSession.UserOf(http), id, next))
        {
            throw new UnreadableThreadException(id, next, "it is missing.");
        }

        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteStartArray("events");
        foreach (var stored in events)
        {
            json.WriteRawValue(stored.Json.Span, skipInputValidation: true);
        }

        json.WriteEndArray();
        if (events.Count > 0 && events[^1].Seq < thread.Head)
        {
            json.WriteNumber("next_after_seq", events[^1].Seq);
        }

        json.WriteString("log_id", log.LogId);
        json.WriteEndObject();
        json.Flush();
        return TypedResults.Bytes(body.WrittenMemory, "application/json; charset=utf-8");
    }
}
