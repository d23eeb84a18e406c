using System.Runtime.Versioning;

namespace ChatBackend.SystemTests.Hosting;

/// <summary>An orchestrator may take a process away at any moment of its start.</summary>
[SupportedOSPlatform("linux")]
public sealed class StopWhileStartingTests
{
    /// <summary>Counted from the moment at which the program begins; before it, the system ends a process that has touched nothing.</summary>
    /// <remarks><c>CHAT_STOP_STEP_MS=100</c> is the long form: 30 starts.</remarks>
    public static TheoryData<int> Moments { get; } =
        [.. Enumerable.Range(1, 30).Select(step => step * 100).Where(moment => moment % Clients.Setting("CHAT_STOP_STEP_MS", 500) == 0)];

    [Theory]
    [MemberData(nameof(Moments))]
    [Trait("failure", "Q19")]
    public async Task SIGTERM_while_it_starts_ends_it_with_0_and_without_a_complaint(int milliseconds)
    {
        using var data = new TestDirectory();
        var settings = new ServerSettings { DataDirectory = data.Path };
        await using (var server = ServerProcess.Launch(settings))
        {
            await UntilItHandlesSignalsAsync(server.Pid);
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, TestContext.Current.CancellationToken);

            (await server.TerminateAsync()).Should().Be(0, server.Log);
            server.Complaints.Should().BeEmpty();
        }

        if (milliseconds % 1000 == 0)
        {
            await using var next = await ServerProcess.StartAsync(settings);
            (await next.GuestAsync()).Token.Should().NotBeEmpty("what was left unfinished is made up for");
        }
    }

    // The thread that a program's own handlers run on.
    private static async Task UntilItHandlesSignalsAsync(int pid)
    {
        using var deadline = new CancellationTokenSource(Clients.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        do
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
        while (!Directory.EnumerateDirectories($"/proc/{pid}/task").Any(thread => File.ReadAllText(Path.Combine(thread, "comm")).StartsWith(".NET SigHandler", StringComparison.Ordinal)));
    }
}
