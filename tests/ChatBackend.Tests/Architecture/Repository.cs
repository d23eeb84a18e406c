namespace ChatBackend.Tests.Architecture;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    public static IEnumerable<FileInfo> Sources(params string[] folders) => folders
        .Select(folder => new DirectoryInfo(Path.Combine(Root, folder)))
        .SelectMany(folder => folder.EnumerateFiles("*.cs", SearchOption.AllDirectories))
        .Where(file => !file.FullName.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static string FindRoot(DirectoryInfo? folder) => folder switch
    {
        null => throw new InvalidOperationException("ChatBackend.sln is in no folder above the tests."),
        _ when File.Exists(Path.Combine(folder.FullName, "ChatBackend.sln")) => folder.FullName,
        _ => FindRoot(folder.Parent),
    };
}
