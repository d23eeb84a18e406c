namespace ChatBackend.Storage.Sqlite;

/// <summary>What a start found.</summary>
/// <param name="Wal">What was left in the write-ahead log; null when nothing was.</param>
internal sealed record OpenedLog(string LogId, bool IsNew, long Schema, long Threads, WalFile? Wal);
