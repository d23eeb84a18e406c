using Microsoft.Extensions.Options;

namespace ChatBackend.Storage;

/// <summary>
/// Refuses to start empty beside what is left of something else: a log or keys that are missing were lost far more often than they are new,
/// and an empty half in their place looks like a server that works.
/// </summary>
internal sealed class DataDirectoryHalves(DataDirectory data, IOptions<StorageOptions> options)
{
    private const string Keys = "keys";

    /// <summary>To be called before the log is opened: SQLite deletes a WAL that it finds beside an empty file.</summary>
    /// <exception cref="InvalidOperationException">A log would be begun where one was lost.</exception>
    public void ThrowIfLogIsLost()
    {
        if (Length("chat.db") > 0)
        {
            return;
        }

        var isWalLeft = Length("chat.db-wal") > 0;
        if (!isWalLeft && !HasKeys)
        {
            return;
        }

        if (!options.Value.AllowNewLog)
        {
            throw new InvalidOperationException(
                $"The event log {data.File("chat.db")} is missing or empty, but {(isWalLeft ? "its write-ahead log chat.db-wal is" : "the keys of its users are")} there. "
                + "Is the right volume mounted? Put the log back or `restore` a backup; to begin with an empty log all the same, start once with --Storage:AllowNewLog=true.");
        }

        if (isWalLeft)
        {
            File.Move(data.File("chat.db-wal"), data.File("chat.db-wal.aside"), overwrite: true);
        }
    }

    /// <exception cref="InvalidOperationException">New keys would make every user of the log a stranger.</exception>
    public void ThrowIfKeysAreLost(long threads)
    {
        if (threads > 0 && !HasKeys && !options.Value.AllowNewKeys)
        {
            throw new InvalidOperationException(
                $"The keys in {data.File(Keys)} are missing, but the event log holds {threads} threads: with new keys every token is void and no guest finds their threads again. "
                + "Put the keys back or `restore` a backup; to go on with new keys all the same, start once with --Storage:AllowNewKeys=true.");
        }
    }

    /// <summary>How many key files there are.</summary>
    public int KeyCount => Directory.Exists(data.File(Keys)) ? Directory.EnumerateFiles(data.File(Keys), "*.xml").Count() : 0;

    // One that was set aside as unreadable was there, and that was said.
    private bool HasKeys => Directory.Exists(data.File(Keys)) && Directory.EnumerateFiles(data.File(Keys), "key-*").Any();

    private long Length(string name) => new FileInfo(data.File(name)) is { Exists: true } file ? file.Length : 0;
}
