using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;

namespace ChatBackend.Tests.Threads;

/// <summary>A thread is in memory for as long as it has a follower or something runs in it, and what goes with it ends with it.</summary>
public sealed class ThreadRestTests : IAsyncDisposable
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    private readonly ChatServer _server;
    private int _openings;

    public ThreadRestTests() => _server = new ChatServer(services => services.Decorate<IEventLog>((_, called, call) =>
    {
        if (called == nameof(IEventLog.OpenAsync))
        {
            Interlocked.Increment(ref _openings);
        }

        return call();
    }));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_thread_without_followers_and_without_a_run_rests_and_is_opened_again_by_the_next_call()
    {
        await using var client = await _server.ConnectAsync();
        var rest = await _server.RestAsync(client.Guest);
        var first = await client.PlayAsync(Hello);
        await client.EndOfAsync(first);
        var thread = first.ThreadId!.Value;
        await RenameAsync(rest, thread, 2);
        _openings.Should().Be(0, "it is followed");

        await client.Connection.UnfollowAsync(thread).Soon();
        await RenameAsync(rest, thread, 2);
        _openings.Should().Be(2, "it rests after each call");

        var busy = await client.PlayAsync($$"""{"steps":[{"wait_ms":{{ShiftedTime.Gate}}}]}""", thread);
        _openings.Should().Be(3);
        await client.Connection.UnfollowAsync(thread).Soon();
        await RenameAsync(rest, thread, 2);
        _openings.Should().Be(3, "a run is open");
        await client.Connection.FollowAsync(thread).Soon();
        _server.Clock.OpenGates();
        await client.EndOfAsync(busy);
        await RenameAsync(rest, thread, 2);
        _openings.Should().Be(3, "it is followed again");
    }

    [Fact]
    public async Task With_the_end_of_its_run_a_thread_without_followers_rests()
    {
        await using var client = await _server.ConnectAsync();
        var rest = await _server.RestAsync(client.Guest);
        var thread = (await client.PlayAsync($$"""{"steps":[{"wait_ms":{{ShiftedTime.Gate}}}]}""")).ThreadId!.Value;
        await client.Connection.UnfollowAsync(thread).Soon();

        _server.Clock.OpenGates();
        await _server.UntilGaugeAsync("chat_runs", 0);

        await RenameAsync(rest, thread, 1);
        _openings.Should().Be(1);
    }

    [Fact]
    public async Task A_thread_that_is_not_there_is_looked_for_each_time_it_is_asked_for()
    {
        await using var raw = await _server.ConnectRawAsync();
        var thread = ThreadId.New();
        for (var i = 1; i <= 3; i++)
        {
            await raw.SendAsync($$"""{"type":"stop","id":"s{{i}}","thread_id":"{{thread}}"}""");
            (await raw.ReceiveAsync()).GetProperty("code").GetString().Should().Be("not_found");
            _openings.Should().Be(i);
        }
    }

    [Fact]
    public async Task A_run_whose_thread_leaves_memory_ends_and_its_followers_go_on_with_the_next_writer()
    {
        await using var client = await _server.ConnectAsync();
        var ack = await client.PlayAsync("""{"steps":[{"say":"half"},{"wait_ms":600000}]}""");
        await client.Frames.UntilAsync<AgentDelta>();
        var kept = Keep(ack.ThreadId!.Value);

        await _server.Services.GetRequiredService<IGrainFactory>().GetGrain<IThreadGrain>(ack.ThreadId.Value.Value)
            .AsReference<IGrainManagementExtension>().DeactivateOnIdle();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Which.Should().Match<AgentFailed>(
            failed => failed.Code == RunFailure.Interrupted && failed.Retryable && failed.Message == "The server stopped before the answer was complete. Send the message again.");
        await _server.UntilGaugeAsync("chat_runs", 0);
        (await client.EndOfAsync(await client.PlayAsync(Hello, ack.ThreadId))).Should().BeOfType<AgentCompleted>();
        client.Frames.All().OfType<ThreadEvent>().Select(threadEvent => threadEvent.Seq).Should().Equal(1, 2, 3, 4, 5, 6);
        kept.Bytes.Should().Be(0, "what its model was shown is forgotten");
    }

    [Fact]
    public async Task A_delete_that_was_answered_has_ended_the_run_and_forgotten_what_its_model_was_shown()
    {
        await using var client = await _server.ConnectAsync();
        var rest = await _server.RestAsync(client.Guest);
        var ack = await client.PlayAsync("""{"steps":[{"say":"half"},{"wait_ms":600000}]}""");
        await client.Frames.UntilAsync<AgentDelta>();
        var kept = Keep(ack.ThreadId!.Value);

        await rest.JsonAsync(HttpMethod.Delete, $"/api/threads/{ack.ThreadId}", status: System.Net.HttpStatusCode.NoContent);

        (await _server.GaugeAsync("chat_runs")).Should().Be(0);
        kept.Bytes.Should().Be(0);
        await client.Frames.UntilAsync<ThreadDeleted>();
    }

    private ChatHistoryCache Keep(ThreadId thread)
    {
        var histories = _server.Services.GetRequiredService<ChatHistoryCache>();
        var exchanges = new ChatHistory();
        exchanges.Add(WriterBench.Message("msg_1", content: new string('x', 1000)) with { Seq = 1 });
        histories.Keep(histories.Take(thread, out _), exchanges);
        histories.Bytes.Should().BePositive();
        return histories;
    }

    private static async Task RenameAsync(RestClient rest, ThreadId thread, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await rest.JsonAsync(HttpMethod.Patch, $"/api/threads/{thread}", $$"""{"title":"{{Guid.NewGuid()}}"}""");
        }
    }
}
