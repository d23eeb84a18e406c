using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ChatBackend.Storage;

/// <summary>Section <c>Storage</c>.</summary>
internal sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>What may wait for the store, in bytes. Beyond it an append is refused at once, so that a slow disk cannot use up the memory.</summary>
    [Range(1 << 20, int.MaxValue)]
    public int MaxPendingBytes { get; set; } = 64 << 20;

    /// <summary>How large the database file may grow, in MiB; beyond it the log counts as full. 0: as large as the disk.</summary>
    [Range(0, 16 << 20)]
    public int MaxDatabaseMiB { get; set; }
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
