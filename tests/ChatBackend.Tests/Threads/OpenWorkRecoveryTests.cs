using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ChatBackend.Tests.Threads;

/// <summary>A run whose process died ends in the next process, though nobody watches its thread.</summary>
public sealed class OpenWorkRecoveryTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ThreadId _thread = ThreadId.New();
    private int _attempts;

    [Theory]
    [Trait("failure", "Q3")]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_run_that_no_process_has_ends_at_the_next_start_also_when_its_first_attempt_fails(int faults)
    {
        await LeaveOpenAsync();
        await using var server = new ChatServer(_data, services => services.AddSingleton<IEventLog>(provider =>
            new FaultyLog(provider.GetRequiredService<SqliteEventLog>()) { FaultOf = append => FaultOf(append, faults) }));

        await _ended.Task.Soon();

        _attempts.Should().Be(faults + 1);
    }

    private AppendFault? FaultOf(LogAppend append, int faults)
    {
        append.Thread.Should().Be(_thread);
        Encoding.UTF8.GetString(append.Events[^1].Json.Span).Should().Contain("\"agent_failed\"");
        if (_attempts++ < faults)
        {
            return AppendFault.Bug;
        }

        _ended.SetResult();
        return null;
    }

    /// <summary>What a process leaves that died during a run.</summary>
    private async Task LeaveOpenAsync()
    {
        await using var server = new ChatServer(_data);
        var writer = new ThreadWriter(_thread, server.Services.GetRequiredService<IEventLog>(), new ThreadPublisher(_thread, TimeProvider.System, NullLogger.Instance), TimeProvider.System);
        var message = new UserMessage { MessageId = MessageId.New(), Content = "hello", ClientId = ClientFrameId.New() };
        await writer.AppendAsync([message, new AgentStarted { RunId = RunId.New(), Agent = "script", MessageId = message.MessageId }], creator: UserId.New());
    }

    public void Dispose() => _data.Delete(recursive: true);
}
