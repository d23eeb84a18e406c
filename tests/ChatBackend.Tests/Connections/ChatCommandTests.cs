using System.Collections.Concurrent;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Tests.Connections;

/// <summary>What a connection hears around its commands: its ack first, then everything of the thread from there on, once.</summary>
public sealed class ChatCommandTests
{
    private const string Hello = """{"steps":[{"say":"hello"}]}""";

    private static readonly string[] Run = ["ack", "user_message", "agent_started", "agent_completed"];

    [Fact]
    public async Task Who_writes_into_a_thread_hears_it_from_this_message_on_and_from_then_on()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        await using var other = await server.ConnectAsync(guest);
        var first = await other.PlayAsync(Hello);
        await other.EndOfAsync(first);
        await using var raw = await server.ConnectRawAsync(guest);

        await raw.SendAsync(Chat("c1", first.ThreadId));
        var own = await FramesAsync(raw);
        await other.PlayAsync(Hello, first.ThreadId);
        var later = await FramesAsync(raw);

        own.Select(Type).Should().Equal(Run);
        own[0].GetProperty("seq").GetInt64().Should().Be(own[1].GetProperty("seq").GetInt64());
        own[1].GetProperty("seq").GetInt64().Should().BeGreaterThan(first.Seq!.Value);
        later.Select(Type).Should().Equal(Run.Skip(1));
        (await server.GaugeAsync("chat_message_ack_duration_seconds_count")).Should().Be(3);
    }

    [Fact]
    public async Task Who_follows_a_thread_again_hears_each_event_once()
    {
        await using var server = new ChatServer();
        await using var raw = await server.ConnectRawAsync();
        await raw.SendAsync(Chat("c1"));
        var thread = Thread((await FramesAsync(raw))[0]);
        await raw.SendAsync($$"""{"type":"follow","id":"f1","thread_id":"{{thread}}","after_seq":3}""");
        Type(await raw.ReceiveAsync()).Should().Be("caught_up");

        await raw.SendAsync(Chat("c2", thread));

        (await FramesAsync(raw)).Select(Type).Should().Equal(Run);
        await raw.SendAsync("""{"type":"ping","id":"p1"}""");
        Type(await raw.ReceiveAsync()).Should().Be("pong");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("failure", "Q4")]
    public async Task The_ack_goes_first_also_when_its_thread_is_faster(bool isStop)
    {
        var (gate, delivered) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), false);
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, _, call) => call() is var made && made is IThreadGrain grain
            ? ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) => called switch
            {
                nameof(IThreadGrain.Chat) or nameof(IThreadGrain.Stop) when delivered => AfterAsync((Task<CommandReply>)next()!, gate.Task),
                _ => next(),
            })
            : made));
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);
        await using var other = await server.ConnectAsync(guest);
        var steps = isStop ? $$"""{\"tool\":\"long\",\"ms\":{{ShiftedTime.Gate}}}""" : """{\"say\":\"hello\"}""";
        await raw.SendAsync(Chat("c1", steps: steps));
        var started = isStop ? await FramesAsync(raw, "tool_executing") : await FramesAsync(raw);
        var thread = Thread(started[0]);
        await other.Connection.FollowAsync(thread).Soon();
        other.Frames.Clear();
        delivered = true;

        await raw.SendAsync(isStop ? $$"""{"type":"stop","id":"s1","thread_id":"{{thread}}"}""" : Chat("c2", thread));
        await (isStop ? other.Frames.UntilAsync<AgentStopped>() : (Task)other.Frames.UntilAsync<AgentCompleted>());
        gate.SetResult();

        var frames = await FramesAsync(raw);
        Type(frames[0]).Should().Be("ack");
        frames.Should().HaveCountGreaterThan(1);
    }

    [Fact]
    public async Task A_message_that_is_refused_leaves_a_thread_followed_and_heard()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);
        await using var other = await server.ConnectAsync(guest);
        await raw.SendAsync(Chat("c1"));
        var thread = Thread((await FramesAsync(raw))[0]);

        await raw.SendAsync(Chat("c2", thread, agent: "nobody"));
        Type(await raw.ReceiveAsync()).Should().Be("error");
        await other.EndOfAsync(await other.PlayAsync(Hello, thread));

        (await FramesAsync(raw)).Select(Type).Should().Equal(Run.Skip(1));
    }

    [Fact]
    public async Task A_first_message_that_is_refused_opens_no_thread()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);

        await raw.SendAsync(Chat("c1", agent: "nobody"));

        Type(await raw.ReceiveAsync()).Should().Be("error");
        (await (await server.RestAsync(guest)).GetAsync("/api/threads")).GetProperty("threads").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task First_messages_that_are_refused_leave_nothing_in_memory()
    {
        var grains = new ConcurrentQueue<WeakReference>();
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, _, call) => call() is var made && made is IThreadGrain grain ? Watched(grain) : made));
        await using var raw = await server.ConnectRawAsync();

        for (var number = 0; number < 50; number++)
        {
            await raw.SendAsync(Chat($"c{number}", agent: "nobody"));
            Type(await raw.ReceiveAsync()).Should().Be("error");
        }

        grains.Count.Should().BeGreaterThanOrEqualTo(50);
        await Deadline.UntilAsync(() =>
        {
            GC.Collect();
            return grains.Count(grain => grain.IsAlive) < 10;
        });

        IThreadGrain Watched(IThreadGrain grain)
        {
            var watched = ServiceDecoration.Of<IThreadGrain>(grain, (_, _, next) => next());
            grains.Enqueue(new WeakReference(watched));
            return watched;
        }
    }

    [Fact]
    public async Task A_message_sent_again_over_another_connection_is_followed_from_where_it_is()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        await using var first = await server.ConnectRawAsync(guest);
        await first.SendAsync(Chat("c1"));
        var ack = (await FramesAsync(first))[0];
        await using var second = await server.ConnectRawAsync(guest);

        await second.SendAsync(Chat("c1"));
        var again = await FramesAsync(second);

        again.Select(Type).Should().Equal(Run);
        (again[0].GetProperty("status").GetString(), Thread(again[0]), again[0].GetProperty("seq").GetInt64())
            .Should().Be(("duplicate", Thread(ack), ack.GetProperty("seq").GetInt64()));
        again[1].GetProperty("seq").GetInt64().Should().Be(1);
    }

    [Fact]
    [Trait("failure", "Q4")]
    public async Task A_message_sent_again_whose_thread_cannot_be_followed_now_ends_the_connection_so_that_the_client_resumes()
    {
        var isAway = false;
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, _, call) => call() is var made && made is IThreadGrain grain
            ? ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) =>
                isAway && called == nameof(IThreadGrain.Subscribe) ? Task.FromException<ThreadSnapshot>(new TimeoutException()) : next())
            : made));
        var guest = await server.GuestAsync();
        await using (var first = await server.ConnectRawAsync(guest))
        {
            await first.SendAsync(Chat("c1"));
            await FramesAsync(first);
        }

        await server.UntilGaugeAsync("chat_connection_scopes", 0);
        await using var second = await server.ConnectRawAsync(guest);
        isAway = true;

        await second.SendAsync(Chat("c1"));

        Type(await second.ReceiveAsync()).Should().Be("ack");
        (await second.ReceiveCloseAsync()).Should().Be(CloseCodes.AtCapacity);
    }

    [Fact]
    public async Task A_message_sent_again_whose_thread_was_deleted_is_acknowledged_and_the_connection_goes_on()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);
        await raw.SendAsync(Chat("c1"));
        var thread = Thread((await FramesAsync(raw))[0]);
        (await (await server.RestAsync(guest)).SendAsync(HttpMethod.Delete, $"/api/threads/{thread}")).Dispose();
        Type(await raw.ReceiveAsync()).Should().Be("thread_deleted");
        await using var again = await server.ConnectRawAsync(guest);

        await again.SendAsync(Chat("c1"));
        (await again.ReceiveAsync()).GetProperty("status").GetString().Should().Be("duplicate");
        await again.SendAsync($$"""{"type":"unfollow","id":"u1","thread_id":"{{thread}}"}""");

        var next = await again.ReceiveAsync();
        (Type(next), next.GetProperty("id").GetString()).Should().Be(("error", "u1"), "one command is carried out after the other, so that the first is over");
    }

    [Fact]
    public async Task Who_follows_as_many_threads_as_it_may_can_write_into_those_and_no_others()
    {
        await using var server = new ChatServer(("Connections:MaxFollowedThreads", "1"));
        var guest = await server.GuestAsync();
        await using var raw = await server.ConnectRawAsync(guest);
        var other = await (await server.RestAsync(guest)).CreateAsync();
        await raw.SendAsync(Chat("c1"));
        var thread = Thread((await FramesAsync(raw))[0]);

        foreach (var refused in new[] { Chat("c2"), Chat("c3", other) })
        {
            await raw.SendAsync(refused);
            var error = await raw.ReceiveAsync();
            (Type(error), error.GetProperty("code").GetString(), error.GetProperty("message").GetString())
                .Should().Be(("error", "quota_exceeded", "1 threads are followed already; unfollow one first."));
        }

        await raw.SendAsync(Chat("c4", thread));
        (await FramesAsync(raw)).Select(Type).Should().Equal(Run);
    }

    private static async Task<CommandReply> AfterAsync(Task<CommandReply> command, Task gate)
    {
        var reply = await command;
        await gate.WaitAsync(TimeSpan.FromSeconds(20));
        return reply;
    }

    /// <summary>Frames up to one of a type, text in flight left out.</summary>
    private static async Task<List<JsonElement>> FramesAsync(RawSocket raw, string? last = null)
    {
        var frames = new List<JsonElement>();
        do
        {
            frames.Add(await raw.ReceiveAsync());
        }
        while (!(last is null ? Type(frames[^1]) is "agent_completed" or "agent_stopped" : Type(frames[^1]) == last));

        return [.. frames.Where(frame => Type(frame) != "agent_delta")];
    }

    private static string Chat(string id, ThreadId? thread = null, string steps = """{\"say\":\"hello\"}""", string agent = "script") =>
        $$"""{"type":"chat","id":"{{id}}","agent":"{{agent}}","content":"{\"steps\":[{{steps}}]}"{{(thread is null ? "" : $",\"thread_id\":\"{thread}\"")}}}""";

    private static string Type(JsonElement frame) => frame.GetProperty("type").GetString()!;

    private static ThreadId Thread(JsonElement ack) => new(ack.GetProperty("thread_id").GetString()!);
}
