using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ChatBackend.Storage;

/// <summary>Section <c>Storage</c>.</summary>
public sealed class StorageOptions
{
    internal const string Section = "Storage";

    /// <summary>What may wait for the store, in bytes. Beyond it an append is refused at once, so that a slow disk cannot use up the memory.</summary>
    [Range(1 << 20, int.MaxValue)]
    public int MaxPendingBytes { get; set; } = 64 << 20;

    /// <summary>How large the database file may grow, in MiB; beyond it the log counts as full. 0: as large as the disk.</summary>
    [Range(0, 16 << 20)]
    public int MaxDatabaseMiB { get; set; }

    /// <summary>Lets a start begin an empty log where one seems to have been lost.</summary>
    public bool AllowNewLog { get; set; }

    /// <summary>Lets a start make new keys for a log whose keys seem to have been lost.</summary>
    public bool AllowNewKeys { get; set; }

    /// <summary>How many days a command is remembered, so that one that is sent again has no second effect. Longer than any client keeps what it could not send.</summary>
    [Range(1, 36_500)]
    public int KeepCommandsDays { get; set; } = 30;

    /// <summary>How long a read of the log that a command needs may take; then it is interrupted and the client is told <c>unavailable</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one list or search may take; then it is interrupted and answered with 503.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan SearchTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Lists and searches at once, of all users; of each user there is one at a time.</summary>
    [Range(1, 64)]
    public int MaxConcurrentSearches { get; set; } = Math.Clamp(Environment.ProcessorCount / 2, 1, 64);

    /// <summary>Lists and searches of one user that may wait; a further one is answered with 503.</summary>
    [Range(1, 1000)]
    public int MaxWaitingSearchesPerUser { get; set; } = 32;
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
