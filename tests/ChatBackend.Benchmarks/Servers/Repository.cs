namespace ChatBackend.Benchmarks.Servers;

/// <summary>The checkout that this was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>The server, built as this was; its output lies in the same place of its own project.</summary>
    public static string ServerDll { get; } = Path.Combine(
        AppContext.BaseDirectory.Replace(
            Path.Combine("tests", "ChatBackend.Benchmarks"), Path.Combine("src", "ChatBackend.Server"), StringComparison.Ordinal),
        "ChatBackend.Server.dll");

    private static string FindRoot(DirectoryInfo? folder) => folder switch
    {
        null => throw new InvalidOperationException("ChatBackend.sln is in no folder above the benchmarks."),
        _ when File.Exists(Path.Combine(folder.FullName, "ChatBackend.sln")) => folder.FullName,
        _ => FindRoot(folder.Parent),
    };
}
