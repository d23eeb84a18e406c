using System.ComponentModel.DataAnnotations;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace ChatBackend.Rest;

/// <summary>The whole result of a tool call whose event holds only its begin and end, in any ranges.</summary>
internal static class ResultEndpoint
{
    private const int MaxCallId = 64;

    public static void MapResults(this IEndpointRouteBuilder api) =>
        api.MapGet("/threads/{thread_id}/tool_results/{call_id}", GetAsync).Describe("get_tool_result", "The whole result of a tool call that has result_bytes, or a range of it.")
            .Produces<byte[]>(StatusCodes.Status200OK, "application/json").Produces<byte[]>(StatusCodes.Status206PartialContent, "application/json")
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> GetAsync(
        HttpContext http, IThreadStore store, [FromRoute(Name = "thread_id")] ThreadId id, [FromRoute(Name = "call_id"), MaxLength(MaxCallId)] string call)
    {
        var thread = await store.FindAsync(RestSession.UserOf(http), id, http.RequestAborted) ?? throw ProtocolException.NotFound();
        var first = await store.ReadResultAsync(thread.Thread, new CallId(call), 0, http.RequestAborted) ?? throw ProtocolException.NotFound();
        return TypedResults.Stream(new StoredResultStream(store, thread.Thread, new CallId(call), first), "application/json; charset=utf-8", enableRangeProcessing: true);
    }
}
