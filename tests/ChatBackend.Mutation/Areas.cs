namespace ChatBackend.Mutation;

/// <summary>A folder of the product and the tests that are to notice what breaks in it.</summary>
/// <param name="Tests">Namespaces: the folder that mirrors the sources, and those that test the same code from its front door.</param>
internal sealed record Area(string Name, string Sources, params string[] Tests)
{
    public static readonly IReadOnlyList<Area> All =
    [
        // In the order of what their tests cost, so that a campaign that is broken off has most of it.
        new("Identity", "src/ChatBackend/Identity", "ChatBackend.Tests.Identity"),
        new("Client", "src/ChatBackend.Client", "ChatBackend.Tests.Client"),
        new("Storage", "src/ChatBackend/Storage", "ChatBackend.Tests.Storage", "ChatBackend.Tests.Search"),
        new("Runs", "src/ChatBackend/Runs", "ChatBackend.Tests.Runs", "ChatBackend.Tests.Agents"),
        new("Connections", "src/ChatBackend/Connections", "ChatBackend.Tests.Connections", "ChatBackend.Tests.Protocol"),
        new("Following", "src/ChatBackend/Following", "ChatBackend.Tests.Following", "ChatBackend.Tests.Threads"),
        new("Threads", "src/ChatBackend/Threads", "ChatBackend.Tests.Threads", "ChatBackend.Tests.Rest"),
    ];
}
