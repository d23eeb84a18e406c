using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Protocol;

/// <summary>The samples of <c>docs/protocol.md</c>, one file each: <c>type.json</c>, or <c>type.variant.json</c> for a further one.</summary>
internal static partial class Fixtures
{
    private static readonly string Root = FindRoot();

    public static string Document { get; } = File.ReadAllText(Path.Combine(Root, "docs", "protocol.md"));

    public static IReadOnlyDictionary<string, string> All { get; } = Directory
        .EnumerateFiles(Path.Combine(Root, "tests", "ChatBackend.Tests", "Protocol", "Fixtures"), "*.json")
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file)!, File.ReadAllText);

    public static IReadOnlyDictionary<string, Type> ClientTypes { get; } = TypesOf<ClientFrame>();

    public static IReadOnlyDictionary<string, Type> ServerTypes { get; } = TypesOf<ServerFrame>();

    /// <summary>The <c>json</c> blocks of the document, as they stand there.</summary>
    public static IReadOnlyList<string> Blocks => [.. Block().Matches(Document).Select(match => match.Groups[1].Value)];

    public static string TypeOf(string fixture) => fixture.Split('.')[0];

    private static Dictionary<string, Type> TypesOf<TFrame>() => typeof(TFrame)
        .GetCustomAttributes(typeof(JsonDerivedTypeAttribute), inherit: false)
        .Cast<JsonDerivedTypeAttribute>()
        .ToDictionary(known => (string)known.TypeDiscriminator!, known => known.DerivedType);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ChatBackend.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder;
    }

    [GeneratedRegex("^```json\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
