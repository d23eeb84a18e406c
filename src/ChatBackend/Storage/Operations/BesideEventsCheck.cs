using System.IO.Hashing;
using System.Text.Json;
using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage;

/// <summary>Looks for damage in what is stored beside events: whole results of tools, what is kept of models' answers, and which messages a search leaves out.</summary>
internal static class BesideEventsCheck
{
    private const int HasReplaced = 6;
    private const int HasResults = 11;
    private const int HasRecords = 12;
    private const int HasChecksums = 13;

    public static void Run(LogFile log, long schema, IReadOnlyDictionary<long, ThreadCheck> threads, List<string> findings)
    {
        var checksum = schema >= HasChecksums ? "checksum" : "NULL";
        if (schema >= HasResults)
        {
            CheckResults(log.Rows($"SELECT thread_key, bytes, {checksum}, call_id, piece, total, seq FROM tool_results ORDER BY thread_key, call_id, piece"), threads, findings);
        }

        if (schema >= HasReplaced)
        {
            CheckReplaced(log.Rows("SELECT thread_key, after_seq, before_seq FROM replaced"), threads, findings);
        }

        if (schema >= HasRecords)
        {
            CheckRecords(log.Rows($"SELECT thread_key, json, {checksum}, seq FROM step_records ORDER BY thread_key, seq"), threads, findings);
        }
    }

    private static void CheckResults(IEnumerable<SqliteDataReader> rows, IReadOnlyDictionary<long, ThreadCheck> threads, List<string> findings)
    {
        Dictionary<(long Thread, string Call), Result> results = [];
        foreach (var row in rows)
        {
            if (!threads.TryGetValue(row.GetInt64(0), out var thread))
            {
                continue;
            }

            var (call, piece, stored) = (row.GetString(3), row.GetInt64(4), row.GetFieldValue<byte[]>(1));
            if (!results.TryGetValue((thread.Key, call), out var result))
            {
                results[(thread.Key, call)] = result = new Result(thread, call, row.GetInt64(6), row.GetInt64(5));
            }

            result.Pieces++;
            result.Bytes += EventBytes.Decompress(stored).Length;
            if (IsChanged(row, stored))
            {
                result.IsChanged = true;
                findings.Add($"{thread.Id}: piece {piece} of the result of {call} is not what was written (checksum)");
            }
        }

        foreach (var thread in threads.Values)
        {
            foreach (var (call, (seq, bytes)) in thread.Results)
            {
                if (!results.Remove((thread.Key, call), out var result))
                {
                    findings.Add($"{thread.Id}: the whole result of {call}, of which event {seq} shows a part, is missing");
                }
                else if (result.Total != bytes)
                {
                    findings.Add($"{thread.Id}: the result of {call} says that it has {result.Total} bytes, and event {seq} says {bytes}");
                }
                else if (!result.IsChanged && result.Bytes != bytes)
                {
                    findings.Add($"{thread.Id}: the result of {call} has {result.Bytes} bytes in {result.Pieces} pieces, and {bytes} by event {seq}");
                }
            }
        }

        // Those of events that were trimmed go a little at a time.
        findings.AddRange(results.Values.Where(result => result.Seq >= result.Thread.HistoryBegins).Select(result => $"{result.Thread.Id}: the result of {result.Call} belongs to no event"));
    }

    private static void CheckRecords(IEnumerable<SqliteDataReader> rows, IReadOnlyDictionary<long, ThreadCheck> threads, List<string> findings)
    {
        foreach (var row in rows)
        {
            if (!threads.TryGetValue(row.GetInt64(0), out var thread))
            {
                continue;
            }

            var (seq, stored) = (row.GetInt64(3), row.GetFieldValue<byte[]>(1));
            if (seq > thread.Head)
            {
                findings.Add($"{thread.Id}: the step record of event {seq} belongs to no event");
            }

            if (IsChanged(row, stored))
            {
                findings.Add($"{thread.Id}: the step record of event {seq} is not what was written (checksum)");
            }
            else if (!IsJson(EventBytes.Decompress(stored)))
            {
                findings.Add($"{thread.Id}: the step record of event {seq} cannot be read");
            }
        }
    }

    private static void CheckReplaced(IEnumerable<SqliteDataReader> rows, IReadOnlyDictionary<long, ThreadCheck> threads, List<string> findings)
    {
        var spans = rows.Select(row => (Thread: row.GetInt64(0), After: row.GetInt64(1), Before: row.GetInt64(2))).ToLookup(span => span.Thread);
        foreach (var thread in threads.Values)
        {
            foreach (var (seq, counts) in thread.Messages)
            {
                if (counts == spans[thread.Key].Any(span => seq > span.After && seq < span.Before))
                {
                    findings.Add($"{thread.Id}: searches {(counts ? "leave out" : "find")} event {seq}, which by the log {(counts ? "counts" : "was replaced or taken back")}");
                }
            }
        }
    }

    private static bool IsChanged(SqliteDataReader row, byte[] stored) => !row.IsDBNull(2) && row.GetInt64(2) != Crc32.HashToUInt32(stored);

    private static bool IsJson(byte[] json)
    {
        try
        {
            using var read = JsonDocument.Parse(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed class Result(ThreadCheck thread, string call, long seq, long total)
    {
        public ThreadCheck Thread => thread;

        public string Call => call;

        public long Seq => seq;

        public long Total => total;

        public int Pieces { get; set; }

        public long Bytes { get; set; }

        public bool IsChanged { get; set; }
    }
}
