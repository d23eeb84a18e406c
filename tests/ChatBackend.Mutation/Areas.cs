namespace ChatBackend.Mutation;

/// <summary>A folder of the product and the tests that are to notice what breaks in it.</summary>
internal sealed record Area(string Name, string Sources, string Tests)
{
    public static readonly IReadOnlyList<Area> All =
    [
        // In the order of what their tests cost, so that a campaign that is broken off has most of it.
        new("Identity", "src/ChatBackend/Identity", "ChatBackend.Tests.Identity"),
        new("Client", "src/ChatBackend.Client", "ChatBackend.Tests.Client"),
        new("Storage", "src/ChatBackend/Storage", "ChatBackend.Tests.Storage"),
        new("Runs", "src/ChatBackend/Runs", "ChatBackend.Tests.Runs"),
        new("Connections", "src/ChatBackend/Connections", "ChatBackend.Tests.Connections"),
        new("Threads", "src/ChatBackend/Threads", "ChatBackend.Tests.Threads"),
    ];
}
