using System.ComponentModel;
using ChatBackend.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Agents.Tools;

/// <summary>Searches the threads of the user whose run it is. Whose they are is never an argument: a model can be talked into anything.</summary>
internal static class ThreadSearchTool
{
    public const string Name = "search_threads";

    private const int MaxHits = 5;
    private const int MaxQueryLength = 200;

    public static AIFunction Create() => AIFunctionFactory.Create(
        SearchAsync,
        Name,
        "Messages in the user's own threads that hold all of the given words, best first.");

    private static async Task<Found> SearchAsync(
        [Description("The words to look for.")] string query, IServiceProvider services, CancellationToken cancellationToken)
    {
        if (query.Length > MaxQueryLength)
        {
            throw new ChatToolException($"A search has at most {MaxQueryLength} characters.");
        }

        try
        {
            var user = services.GetRequiredService<ChatRunContext>().UserId;
            var page = await services.GetRequiredService<IThreadStore>().SearchAsync(user, query, null, null, MaxHits, cancellationToken);
            return new Found(query, [.. page.Hits.Select(hit => new Hit(hit.Thread.Value, hit.Seq, hit.At, hit.Excerpt.Text))]);
        }
        catch (LogUnavailableException)
        {
            throw new ChatToolException("The threads cannot be searched at the moment. Try again later.");
        }
    }

    internal sealed record Found(string Query, IReadOnlyList<Hit> Hits);

    /// <param name="Seq">Where in the thread the message is.</param>
    internal sealed record Hit(string Thread, long Seq, DateTimeOffset At, string Text);
}
