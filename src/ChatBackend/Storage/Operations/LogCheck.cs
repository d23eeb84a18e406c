using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage;

/// <summary>Looks for damage in a data directory or a backup, and changes nothing. One line a finding.</summary>
internal static class LogCheck
{
    private const int MaxFindings = 1000;

    public static int Run(string directory, TextWriter output)
    {
        var path = Path.Combine(directory, "chat.db");
        if (!File.Exists(path))
        {
            output.WriteLine($"{path} does not exist.");
            return 1;
        }

        var (findings, summary) = Find(directory, path);
        foreach (var finding in findings.Take(MaxFindings))
        {
            output.WriteLine(finding);
        }

        output.WriteLine($"{path}: {summary}{findings.Count} {(findings.Count == 1 ? "finding" : "findings")}");
        return findings.Count == 0 ? 0 : 1;
    }

    private static (List<string> Findings, string Summary) Find(string directory, string path)
    {
        var findings = new List<string>();
        if (BackupManifest.Read(directory) is { } manifest)
        {
            findings.AddRange(manifest.Differences(directory));
        }

        if (WalFile.Read(path) is { IsDamaged: true } wal)
        {
            if (wal.CommitsBehind > 0)
            {
                findings.Add($"write-ahead log: {wal.CommitsBehind} commits lie behind a damaged page and are not read");
            }

            if (wal.FramesMissing > 0)
            {
                findings.Add($"write-ahead log: {wal.FramesMissing} pages are missing at its end");
            }
        }

        try
        {
            using var log = LogFile.Read(path);
            // One state of the log for all that follows, also while the server writes.
            log.Execute("BEGIN");
            return (findings, CheckLog(log, findings));
        }
        catch (SqliteException ex)
        {
            findings.Add($"log: {ex.Message}");
            return (findings, "");
        }
    }

    private static string CheckLog(LogFile log, List<string> findings)
    {
        findings.AddRange(log.Rows("PRAGMA integrity_check").Select(row => row.GetString(0)).Where(line => line != "ok").Select(line => $"integrity: {line}"));
        findings.AddRange(log.Rows("PRAGMA foreign_key_check").Select(row => $"reference: row {row.GetValue(1)} of {row.GetString(0)} belongs to no row of {row.GetString(2)}"));
        var schema = log.Number("PRAGMA user_version");
        if (schema > SqliteSchema.Newest)
        {
            findings.Add($"schema: version {schema} is newer than this program knows ({SqliteSchema.Newest})");
        }

        var events = 0L;
        var threads = log.Rows("SELECT key, id, head, history_begins, open_from IS NOT NULL FROM threads WHERE deleted = 0 ORDER BY key")
            .Select(row => new ThreadCheck(row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetBoolean(4)))
            .ToDictionary(thread => thread.Key);
        var checksum = schema >= 5 ? "checksum" : "NULL";
        foreach (var row in log.Rows($"SELECT thread_key, seq, json, {checksum} FROM events ORDER BY thread_key, seq"))
        {
            if (threads.TryGetValue(row.GetInt64(0), out var thread))
            {
                events++;
                thread.Add(row.GetInt64(1), row.GetFieldValue<byte[]>(2), row.IsDBNull(3) ? null : row.GetInt64(3), findings);
            }
        }

        foreach (var thread in threads.Values)
        {
            thread.Finish(findings);
        }

        BesideEventsCheck.Run(log, schema, threads, findings);

        return $"log {log.Text("SELECT id FROM store")}, schema {schema}, {threads.Count} threads, {events} events, ";
    }
}
