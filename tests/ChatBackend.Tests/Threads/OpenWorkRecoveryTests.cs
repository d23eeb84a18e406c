using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Threads;

/// <summary>A run whose process died ends in the next process, though its thread has no follower.</summary>
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
        await using (var first = new ChatServer(_data))
        {
            await WriterBench.LeaveAsync(first, _thread, UserId.New(), WriterBench.Message("msg_1"), WriterBench.Started("run_1", "msg_1"));
        }

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

    public void Dispose() => _data.Delete(recursive: true);
}
