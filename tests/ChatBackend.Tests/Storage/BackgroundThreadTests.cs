using System.Runtime.Versioning;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;

namespace ChatBackend.Tests.Storage;

/// <summary>Lists and searches give way to chats when there is too little processor time for both.</summary>
[SupportedOSPlatform("linux")]
public sealed class BackgroundThreadTests
{
    [Fact]
    public async Task What_browses_runs_at_a_lower_priority_than_what_serves_chats()
    {
        using var queue = new FairQueue("test", threads: 1, maxWaitingPerUser: 1);

        var browsing = await queue.RunAsync(UserId.New(), Niceness, TestContext.Current.CancellationToken).Soon();

        browsing.Should().BeGreaterThanOrEqualTo(10);
        browsing.Should().BeGreaterThanOrEqualTo(Niceness());
    }

    /// <summary>Of the calling thread: the 19th field, counted behind the name, which may have spaces.</summary>
    private static int Niceness() => int.Parse(File.ReadAllText("/proc/thread-self/stat").Split(") ")[^1].Split(' ')[16], null);
}
