using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;

namespace ChatBackend.Tests.Storage;

/// <summary>What <c>check</c> finds of damage to whole results of tools and to what is kept of models' answers.</summary>
[Trait("failure", "Q24")]
public sealed class BesideEventsCheckTests : IDisposable
{
    private const int Bytes = (2 * WholeResult.PieceBytes) + 100;

    private static readonly RunId Run = new("run_1");
    private static readonly CallId Call = new("call_1");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("UPDATE tool_results SET bytes = zeroblob(length(bytes)) WHERE piece = 1", "piece 1 of the result of call_1 is not what was written (checksum)")]
    [InlineData("UPDATE tool_results SET bytes = substr(bytes, 1, 50) WHERE piece = 2", "piece 2 of the result of call_1 is not what was written (checksum)")]
    [InlineData("DELETE FROM tool_results WHERE piece = 1", "the result of call_1 has 65636 bytes in 2 pieces, and 131172 by event 3")]
    [InlineData("DELETE FROM tool_results", "the whole result of call_1, of which event 3 shows a part, is missing")]
    [InlineData("UPDATE tool_results SET total = 7", "the result of call_1 says that it has 7 bytes, and event 3 says 131172")]
    [InlineData("UPDATE tool_results SET checksum = NULL, bytes = substr(bytes, 1, 50) WHERE piece = 2", "the result of call_1 has 131122 bytes in 3 pieces, and 131172 by event 3")]
    [InlineData("INSERT INTO tool_results SELECT thread_key, 'call_2', 0, 3, 7, x'31', NULL FROM tool_results WHERE piece = 0", "the result of call_2 belongs to no event")]
    [InlineData("UPDATE step_records SET json = x'7b7d'", "the step record of event 2 is not what was written (checksum)")]
    [InlineData("UPDATE step_records SET json = x'7b', checksum = NULL", "the step record of event 2 cannot be read")]
    [InlineData("UPDATE step_records SET seq = 5", "the step record of event 5 belongs to no event")]
    public async Task Damage_is_found_and_named(string damage, string finding)
    {
        var thread = await WriteAsync();
        Check().Should().ContainSingle().Which.Should().Contain("1 threads, 4 events, 0 findings");

        using (var connection = SqliteLogHost.Connect(_directory.FullName))
        using (var command = connection.CreateCommand())
        {
            command.CommandText = damage;
            command.ExecuteNonQuery().Should().BePositive();
        }

        Check()[..^1].Should().Equal($"{thread}: {finding}");
    }

    [Fact]
    public async Task What_goes_with_events_that_were_trimmed_is_not_missed()
    {
        var thread = await WriteAsync();
        await using (var host = await SqliteLogHost.StartAsync(_directory.FullName))
        {
            while (!await host.Log.TrimAsync(thread, 4, TestContext.Current.CancellationToken))
            {
            }
        }

        Check().Should().ContainSingle().Which.Should().Contain("1 threads, 1 events, 0 findings");
    }

    private async Task<ThreadId> WriteAsync()
    {
        await using var host = await SqliteLogHost.StartAsync(_directory.FullName);
        var writer = LogWriter.OfNewThread(host.Log);
        await writer.WriteTextAsync("Go");
        await writer.AppendAsync(writer.Next() with
        {
            Events = [writer.Event(new AgentStarted { RunId = Run, Agent = "script", MessageId = new MessageId("msg_1") }) with { Record = """{"source":"here","pieces":[]}"""u8.ToArray() }],
        });
        var json = Encoding.ASCII.GetBytes($"\"{new string('a', Bytes - 2)}\"");
        await writer.AppendAsync(writer.Next() with
        {
            Events = [writer.Event(new ToolCompleted { RunId = Run, CallId = Call, Tool = "read", Outcome = ToolOutcome.Succeeded, ResultBytes = json.Length, DurationMs = 0 })],
            Result = WholeResult.Of(Call, json),
        });
        await writer.AppendAsync(writer.Next() with { Events = [writer.Event(new AgentCompleted { RunId = Run, MessageId = new("answer"), Content = "", DurationMs = 0 })] });
        return writer.Thread;
    }

    private string[] Check()
    {
        using var output = new StringWriter();
        var code = OperatorCommand.Run(["check", $"--DataDirectory={_directory.FullName}"], output);
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        code.Should().Be(lines.Length > 1 ? 1 : 0);
        return lines;
    }
}
