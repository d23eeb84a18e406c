using System.Text;
using ChatBackend.Connections;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Connections;

/// <summary>The sweep ends those whose time is over and as many of those that read slowly as it has to; one that it breaks at costs no other.</summary>
public sealed class ConnectionSweepTests : IDisposable
{
    private const int SendBuffer = 8 * 1024;
    private const int Max = 4 * 1024 * 1024;
    private const string Failing = """chat_background_failing_items{service="sweep"}""";

    private readonly LogLines _lines = new(typeof(ConnectionSweep).FullName!);

    public void Dispose() => _lines.Dispose();

    [Fact]
    [Trait("failure", "Q1")]
    public async Task A_connection_at_which_the_sweep_breaks_is_named_and_the_others_are_swept()
    {
        await using var server = new ChatServer(Logged, ("Connections:MessageTimeout", "00:00:01"));
        await using var scope = server.Services.CreateAsyncScope();
        var router = server.Services.GetRequiredService<MessageRouter>();
        // Has no session, which nothing but a bug could bring about.
        var broken = new OpenConnection(
            scope.ServiceProvider.GetRequiredService<ConnectionContext>(),
            scope.ServiceProvider.GetRequiredService<AgentMessageHandler>(),
            scope.ServiceProvider.GetRequiredService<Outbox>());
        router.Register(broken);
        await _lines.UntilAsync(line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(broken.Context.Id.Value, StringComparison.Ordinal)).Soon();
        await server.UntilGaugeAsync(Failing, 1);

        await using var late = await server.ConnectRawAsync();
        await late.SendAsync(Encoding.UTF8.GetBytes("""{"type":"ping","""), isEnd: false);

        (await late.ReceiveCloseAsync()).Should().Be(CloseCodes.TimedOut);
        router.Remove(broken).Should().BeTrue();
        await server.UntilGaugeAsync(Failing, 0);
    }

    [Fact]
    [Trait("failure", "Q12")]
    public async Task No_more_slow_readers_are_closed_than_the_others_need_to_fit()
    {
        await using var server = new ChatServer(
            SendBuffer, Logged,
            ("Connections:MaxTotalOutboxBytes", $"{Max}"), ("Connections:SendTimeout", "00:05:00"), ("Connections:CloseTimeout", "00:00:00.2"));
        await using var writer = await server.ConnectAsync();
        var thread = await (await server.RestAsync(writer.Guest)).CreateAsync();
        using var link = new SlowLink();
        link.Open();
        var ends = 0;
        await using var first = await SlowAsync();
        await using var second = await SlowAsync();
        link.Shut();
        var last = await writer.EndOfAsync(await writer.PlayAsync($$"""{"steps":[{"say":"{{new string('x', 100_000)}}"}]}""", thread));
        var (router, memory, other) = (server.Services.GetRequiredService<MessageRouter>(), server.Services.GetRequiredService<OutboxMemory>(), 0);
        // The writer may hear of the end before the others are sent it.
        await Deadline.UntilAsync(() => router.Connections.Count(connection => connection.Outbox.HeldBytes > 10_000) == 2);

        memory.Change(ref other, (int)-memory.Excess + 1); // one byte more than all may hold
        await _lines.UntilAsync(line => line.Contains("MaxTotalOutboxBytes", StringComparison.Ordinal)).Soon();
        memory.Change(ref other, 0);
        link.Open();
        await first.Connection.FollowerOf(thread).WaitForAsync(threadEvent => threadEvent.Seq == last.Seq).Soon();
        await second.Connection.FollowerOf(thread).WaitForAsync(threadEvent => threadEvent.Seq == last.Seq).Soon();

        _lines.All.Should().ContainSingle().Which.Should().StartWith("Warning: 1 connections");
        ends.Should().Be(1);

        async Task<TestClient> SlowAsync()
        {
            var client = await server.ConnectAsync(writer.Guest, options => options with { Invoker = link.Invoker, OnDisconnected = _ => Interlocked.Increment(ref ends) });
            await client.Connection.FollowAsync(thread).Soon();
            return client;
        }
    }

    [Fact]
    public async Task Once_a_second_each_connection_whose_time_is_over_is_ended_by_its_own_reason()
    {
        var second = TimeSpan.FromSeconds(1);
        using var fixture = new ConnectionFixture(new ConnectionOptions { SendTimeout = second, MessageTimeout = second });
        var (stuck, overdue, expired, quiet) = (fixture.Open(), fixture.Open(), fixture.Open(), fixture.Open());
        stuck.Hold(10);
        overdue.Context.MessageStartedAt = fixture.Clock.GetTimestamp();
        expired.Context.Session = expired.Context.Session with { ExpiresAt = fixture.Clock.GetUtcNow() + second };
        quiet.Context.Session = quiet.Context.Session with { ExpiresAt = fixture.Clock.GetUtcNow() + (2 * second) + TimeSpan.FromTicks(1) };
        using var sweep = await SweepAsync(fixture);

        fixture.Clock.Advance(second);
        (await expired.Context.Closed.Soon()).Should().Be(CloseReason.SessionExpired);
        (stuck.Reason, overdue.Reason).Should().Be((null, null), "they have used up their time and no more");
        fixture.Clock.Advance(second);

        (await stuck.Context.Closed.Soon()).Should().Be(CloseReason.SendTimedOut);
        (await overdue.Context.Closed.Soon()).Should().Be(CloseReason.MessageTimedOut);
        await ConnectionFixture.SettleAsync();
        quiet.Reason.Should().BeNull();
    }

    [Theory]
    [InlineData("100,500,300,600", 0, "600")]
    [InlineData("100,500,300,600", 1, "500,600")]
    [InlineData("100,500,300,600", 99, "500,600")]
    [InlineData("0,10", 5000, "10")]
    [InlineData("900", 0, "")]
    public async Task Those_that_hold_most_are_closed_until_the_others_fit(string held, int others, string closed)
    {
        using var fixture = new ConnectionFixture(new ConnectionOptions { MaxTotalOutboxBytes = 900, SendTimeout = TimeSpan.FromMinutes(1) });
        var connections = held.Split(',').Select(bytes => (Bytes: bytes, Opened: fixture.Open())).ToList();
        foreach (var (bytes, opened) in connections.Where(connection => connection.Bytes != "0"))
        {
            opened.Hold(int.Parse(bytes, null));
        }

        var other = 0;
        fixture.Memory.Change(ref other, others);
        using var sweep = await SweepAsync(fixture);

        fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        if (closed.Length > 0)
        {
            await fixture.Lines.UntilAsync(_ => true).Soon();
        }

        await ConnectionFixture.SettleAsync();
        string.Join(',', connections.Where(connection => connection.Opened.Reason == CloseReason.OutboxFull).Select(connection => connection.Bytes)).Should().Be(closed);
        fixture.Lines.All.Should().Equal(closed.Length == 0 ? Array.Empty<string>() : [
            $"Warning: {closed.Split(',').Length} connections that read slowly and held most are closed: "
            + "all together held more than 900 bytes (Connections:MaxTotalOutboxBytes)"]);
    }

    private static async Task<ConnectionSweep> SweepAsync(ConnectionFixture fixture)
    {
        var sweep = new ConnectionSweep(fixture.Router, fixture.Memory, fixture.Metrics, fixture.Clock, fixture.Logger<ConnectionSweep>());
        await sweep.StartAsync(TestContext.Current.CancellationToken);
        await fixture.Clock.WaitsAsync(TimeSpan.FromSeconds(1));
        return sweep;
    }

    private void Logged(IServiceCollection services) =>
        services.AddSingleton<ILogger<ConnectionSweep>>(new Logger<ConnectionSweep>(LoggerFactory.Create(logging => logging.AddProvider(_lines))));
}
