using ChatBackend.Agents;
using ChatBackend.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Runs;

/// <summary>A run that a test makes up.</summary>
internal static class TestRuns
{
    public static ToolInvoker Invoker(
        Agent agent, IRunSink sink, RunDeadline budget, RunOptions options, TimeProvider clock, Stragglers? stragglers = null, ChatRunContext? context = null) => new(
        agent, new ToolApproval(Options.Create(new ChatBackendOptions()), NullLogger<ToolApproval>.Instance), sink, context ?? Context(),
        new RunHooks([], NullLogger.Instance), budget, stragglers ?? new Stragglers(), options, clock, NullLogger.Instance);

    public static ChatRunContext Context(string user = "usr_1", IServiceProvider? services = null) => new(CancellationToken.None)
    {
        UserId = new(user),
        User = ChatRunContext.UserOf(new(user)),
        ThreadId = new("thr_1"),
        RunId = new("run_1"),
        Agent = "agent",
        Services = services ?? new ServiceCollection().BuildServiceProvider(),
    };
}
