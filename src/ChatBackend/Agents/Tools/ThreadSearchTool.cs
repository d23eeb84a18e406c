using System.ComponentModel;
using ChatBackend.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Agents.Tools;

/// <summary>Searches the threads of the user whose run it is. Whose they are is never an argument: a model can be talked into anything.</summary>
internal static class ThreadSearchTool
{
    private const int MaxHits = 5;
    private const int MaxQueryLength = 200;
    private const int MaxTextLength = 300;

    public static AIFunction Create() => AIFunctionFactory.Create(
        SearchAsync,
        BuiltInTools.SearchThreads,
        "Messages in the user's own threads that hold all of the given words, best first.");

    /// <summary>As much of a message's text as a result shows.</summary>
    public static string Excerpt(string text)
    {
        if (text.Length <= MaxTextLength)
        {
            return text;
        }

        var length = char.IsHighSurrogate(text[MaxTextLength - 1]) ? MaxTextLength - 1 : MaxTextLength;
        return string.Concat(text.AsSpan(0, length), "…");
    }

    private static async Task<Found> SearchAsync(
        [Description("The words to look for.")] string query, IServiceProvider services, CancellationToken cancellationToken)
    {
        if (query.Length > MaxQueryLength)
        {
            throw new ToolException($"A search has at most {MaxQueryLength} characters.");
        }

        try
        {
            var user = services.GetRequiredService<RunContext>().User;
            var hits = await services.GetRequiredService<IEventLog>().SearchAsync(user, query, MaxHits, cancellationToken);
            return new Found(query, [.. hits.Select(hit => new Hit(hit.Thread.Value, hit.Seq, hit.At, Excerpt(hit.Text)))]);
        }
        catch (LogUnavailableException)
        {
            throw new ToolException("The threads cannot be searched at the moment. Try again later.");
        }
    }

    internal sealed record Found(string Query, IReadOnlyList<Hit> Hits);

    /// <param name="Seq">Where in the thread the message is.</param>
    internal sealed record Hit(string Thread, long Seq, DateTimeOffset At, string Text);
}
