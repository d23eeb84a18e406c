using System.ComponentModel.DataAnnotations;
using ChatBackend.Errors;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;
using ChatBackend.Threads.Maintenance;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace ChatBackend.Rest;

/// <summary>A user's threads: listed, found, made, changed, deleted.</summary>
internal static class ThreadEndpoints
{
    private const int StandardPage = 50;
    private const int MaxPage = 200;
    private const int MaxQuery = 200;

    private static readonly TimeSpan ErasurePatience = TimeSpan.FromSeconds(10);

    public static void MapThreads(this IEndpointRouteBuilder api)
    {
        api.MapGet("/threads", ListAsync).Describe("list_threads", "The user's threads, newest activity first; with a query, what was found in them.")
            .Produces<ThreadListView>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict);
        api.MapPost("/threads", CreateAsync).Describe("create_thread", "An empty thread.")
            .Produces<ThreadView>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        api.MapGet("/threads/{thread_id}", GetAsync).Describe("get_thread", "One thread.")
            .Produces<ThreadView>().ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPatch("/threads/{thread_id}", ChangeAsync).Describe("change_thread", "Renames or archives a thread.")
            .Produces<ThreadView>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        api.MapDelete("/threads/{thread_id}", DeleteAsync).Describe("delete_thread", "Ends the thread's run and erases the thread.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, IThreadStore store, PageCursors cursors, bool? archived, [MaxLength(MaxQuery)] string? query, string? cursor, [Range(1, MaxPage)] int limit = StandardPage)
    {
        var user = RestSession.UserOf(http);
        return TypedResults.Json(
            query is null
                ? await PageAsync(store, cursors, user, archived ?? false, cursor, limit, http.RequestAborted)
                : await FindAsync(store, cursors, user, query, archived, cursor, limit, http.RequestAborted),
            RestJson.Default.ThreadListView);
    }

    private static async Task<ThreadListView> PageAsync(
        IThreadStore store, PageCursors cursors, UserId user, bool isArchived, string? cursor, int max, CancellationToken cancellationToken)
    {
        var question = $"list {isArchived}";
        ThreadListPosition? after = cursor is not null && cursors.Open(user, question, cursor) is [var asOf, var at, var key]
            ? new ThreadListPosition(asOf, at, key)
            : null;
        var page = await store.ListAsync(user, isArchived, after, max, cancellationToken);
        return new ThreadListView(
            [.. page.Threads.Select(ThreadView.Of)], null, page.Next is { } next ? cursors.Seal(user, question, next.AsOf, next.ActiveAt, next.Key) : null);
    }

    private static async Task<ThreadListView> FindAsync(
        IThreadStore store, PageCursors cursors, UserId user, string query, bool? isArchived, string? cursor, int max, CancellationToken cancellationToken)
    {
        var question = $"search {isArchived} {query}";
        SearchPosition? after = cursor is not null && cursors.Open(user, question, cursor) is [var top, var bottom, var score, var last]
            ? new SearchPosition(top, bottom, score, last)
            : null;
        var page = await store.SearchAsync(user, query, isArchived, after, max, cancellationToken);
        return new ThreadListView(
            null,
            [.. page.Hits.Select(HitView.Of)],
            page.Next is { } next ? cursors.Seal(user, question, next.Top, next.Bottom, next.Score, next.Event) : null);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, ThreadGrains grains, IThreadStore store, NewThread body)
    {
        var (user, thread) = (RestSession.UserOf(http), ThreadId.New());
        await grains.Of(thread).Create(user, body.Title);
        http.Response.Headers.Location = $"{ChatPath.Of(http)}/api/threads/{thread}";
        return TypedResults.Json(await ViewAsync(store, user, thread), RestJson.Default.ThreadView, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> GetAsync(HttpContext http, IThreadStore store, [FromRoute(Name = "thread_id")] ThreadId thread) =>
        TypedResults.Json(await ViewAsync(store, RestSession.UserOf(http), thread), RestJson.Default.ThreadView);

    private static async Task<IResult> ChangeAsync(
        HttpContext http, ThreadGrains grains, IThreadStore store, [FromRoute(Name = "thread_id")] ThreadId thread, ThreadChange body)
    {
        var user = RestSession.UserOf(http);
        if (body.Title is not null)
        {
            await grains.Of(thread).Rename(user, body.Title);
        }

        if (body.Archived is { } isArchived && !await store.ArchiveAsync(user, thread, isArchived, CancellationToken.None))
        {
            throw ProtocolException.NotFound();
        }

        return TypedResults.Json(await ViewAsync(store, user, thread), RestJson.Default.ThreadView);
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext http, ThreadGrains grains, Erasure erasure, TimeProvider clock, [FromRoute(Name = "thread_id")] ThreadId thread)
    {
        await grains.Of(thread).Delete(RestSession.UserOf(http));
        try
        {
            // Bounded: a request does not wait for the erasure of what other users delete.
            using var patience = new CancellationTokenSource(ErasurePatience, clock);
            await erasure.EraseAsync(patience.Token);
        }
        catch (Exception ex) when (ex is LogUnavailableException or OperationCanceledException)
        {
            // The thread is gone for every reader, durably. What it held is erased as soon as the store has time for it, by Erasure itself.
        }

        return TypedResults.NoContent();
    }

    private static async Task<ThreadView> ViewAsync(IThreadStore store, UserId user, ThreadId thread) =>
        await store.FindAsync(user, thread, CancellationToken.None) is { } found ? ThreadView.Of(found) : throw ProtocolException.NotFound();
}
