namespace ChatBackend.Benchmarks.Servers;

/// <summary>The checkout that this was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>The server as it is published; <c>run</c> puts it there.</summary>
    public static string ServerDll { get; } = Path.Combine(Root, "artifacts", "server", "ChatBackend.Server.dll");

    private static string FindRoot(DirectoryInfo? folder) => folder switch
    {
        null => throw new InvalidOperationException("ChatBackend.sln is in no folder above the benchmarks."),
        _ when File.Exists(Path.Combine(folder.FullName, "ChatBackend.sln")) => folder.FullName,
        _ => FindRoot(folder.Parent),
    };
}
