using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Search;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>
/// One page of a search. The index names events that may fit, newest first; each is looked up in the log, which alone says whose it is, whether it is
/// still there and counts, and what it says. So what the index has too much, or not yet lost, is not shown.
/// </summary>
internal sealed class SqliteSearch(SqliteReadConnection log, SqliteSearchIndex index, UserId owner, SearchQuery query, bool? isArchived)
{
    // Ranked together are so many that fit; and no page looks at more than so many that might, or at more text.
    private const int MaxRanked = 256;
    private const int MaxCandidates = 2000;
    private const int MaxCharacters = 4_000_000;
    private const int CandidatesAtOnce = 64;

    private const string Event = """
        SELECT threads.id, threads.title, events.seq, events.json, threads.key FROM events JOIN threads ON threads.key = events.thread_key
        WHERE events.rowid = ?1 AND threads.owner = ?2 AND threads.archived = ifnull(?3, threads.archived) AND events.seq >= threads.history_begins
        """;

    private readonly TextMatch _match = new(query);
    private readonly SqliteReplaced _replaced = new(log);
    private readonly List<Found> _found = [];
    private int _characters;

    public FoundPage Page(SearchPosition? after, int max)
    {
        var window = ReadWindow(after ?? new SearchPosition(long.MaxValue, 0, long.MaxValue, long.MaxValue));
        var left = _found.Where(found => after is not { } last || (found.Score, found.Row).CompareTo((last.Score, last.Event)) < 0)
            .OrderByDescending(found => found.Score).ThenByDescending(found => found.Row).ToList();
        SearchPosition? next = left.Count > max
            ? new SearchPosition(window.Top, window.Bottom, left[max - 1].Score, left[max - 1].Row)
            : window.IsLast ? null : new SearchPosition(window.Bottom - 1, 0, long.MaxValue, long.MaxValue);
        return new FoundPage([.. left.Take(max).Select(found => found.Text)], next);
    }

    private (long Top, long Bottom, bool IsLast) ReadWindow(SearchPosition at)
    {
        var (top, bottom, candidates) = (at.Top, at.Top, 0);
        while (true)
        {
            var rows = Candidates(candidates == 0 ? at.Top : bottom - 1);
            top = candidates == 0 && rows.Count > 0 ? rows[0] : top;
            foreach (var row in rows)
            {
                if (at.Bottom > 0 ? row < at.Bottom : IsFull(candidates))
                {
                    return (top, at.Bottom > 0 ? at.Bottom : bottom, IsLast: false);
                }

                log.Limit?.ThrowIfOver();
                (bottom, candidates) = (row, candidates + 1);
                Look(row);
            }

            if (rows.Count < CandidatesAtOnce)
            {
                return (top, at.Bottom > 0 ? at.Bottom : bottom, IsLast: true);
            }
        }
    }

    private bool IsFull(int candidates) => _found.Count >= MaxRanked || candidates >= MaxCandidates || _characters >= MaxCharacters;

    private IReadOnlyList<long> Candidates(long top)
    {
        try
        {
            return index.Find(owner, query, top, CandidatesAtOnce, log.Limit!);
        }
        catch (SqliteException ex) when (log.Limit is not { IsOver: true })
        {
            throw new SearchUnavailableException("The search index cannot be read.", ex);
        }
    }

    private void Look(long row)
    {
        using var rows = log.Query(Event, row, owner.Value, isArchived);
        if (!rows.Read() || Decode(rows.Event(3)) is not (var threadEvent, { } text))
        {
            return;
        }

        _characters += text.Length;
        if (_match.Find(text) && !_replaced.Holds(rows.GetInt64(4), threadEvent))
        {
            _found.Add(new Found(_match.Score, row, new FoundText(
                new ThreadId(rows.GetString(0)), rows.IsDBNull(1) ? null : rows.GetString(1), rows.GetInt64(2), threadEvent.At, Excerpt.Around(text, _match.Hits))));
        }
    }

    private static (ThreadEvent Event, string? Text)? Decode(ReadOnlySpan<byte> json)
    {
        try
        {
            return WireJson.DecodeServerFrame(json) is ThreadEvent threadEvent ? (threadEvent, EventText.Of(json)) : null;
        }
        catch (JsonException)
        {
            // The indexer has said so: it is not found.
            return null;
        }
    }

    private readonly record struct Found(long Score, long Row, FoundText Text);
}
