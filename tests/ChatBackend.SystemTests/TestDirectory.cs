namespace ChatBackend.SystemTests;

/// <summary>A data directory that outlives the servers on it and goes with the test.</summary>
internal sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("chat-backend-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
