using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ChatBackend.Storage;

/// <summary>What a backup consists of, beside its files in <c>manifest.json</c>.</summary>
internal sealed record BackupManifest
{
    public const string FileName = "manifest.json";

    public required DateTimeOffset MadeAt { get; init; }

    public required string LogId { get; init; }

    public required long Schema { get; init; }

    public required long Threads { get; init; }

    public required long Events { get; init; }

    /// <summary>SHA-256 of each file, by its path in the backup.</summary>
    public required SortedDictionary<string, string> Files { get; init; }

    /// <returns>Null where there is none.</returns>
    /// <exception cref="InvalidOperationException">It cannot be read.</exception>
    public static BackupManifest? Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ManifestJson.Default.BackupManifest);
        }
        catch (JsonException ex)
        {
            throw new InvalidOperationException($"{path} cannot be read: {ex.Message}", ex);
        }
    }

    public static SortedDictionary<string, string> Hash(string directory) => new(
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetRelativePath(directory, path).Replace('\\', '/'), HashOf),
        StringComparer.Ordinal);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.BackupManifest);

    /// <summary>Files that are missing or not what they were.</summary>
    public IEnumerable<string> Differences(string directory)
    {
        foreach (var (name, hash) in Files)
        {
            var path = Path.Combine(directory, name);
            if (!File.Exists(path))
            {
                yield return $"backup: {name} is missing";
            }
            else if (HashOf(path) != hash)
            {
                yield return $"backup: {name} is not what was written (SHA-256)";
            }
        }
    }

    private static string HashOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
