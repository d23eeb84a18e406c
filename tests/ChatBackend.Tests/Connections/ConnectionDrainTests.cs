using ChatBackend.Connections;
using ChatBackend.Runs;
using ChatBackend.Tests.Client;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Connections;

/// <summary>The door is open from the end of the start to the begin of the stop, and whoever is inside then has a moment to leave.</summary>
public sealed class ConnectionDrainTests : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly ConnectionFixture _fixture = new(new ConnectionOptions { DrainGrace = Grace });
    private readonly ConnectionDrain _drain;

    public ConnectionDrainTests() => _drain = new ConnectionDrain(
        _fixture.Readiness,
        _fixture.Router,
        new ActiveRuns(null!, null!, Options.Create(new RunOptions()), _fixture.Metrics, _fixture.Clock, _fixture.Logger<AgentRun>()),
        _fixture.Options,
        _fixture.Clock,
        _fixture.Logger<ConnectionDrain>());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task The_door_opens_when_everything_has_started_and_closes_before_anything_stops()
    {
        await _drain.StartingAsync(Token);
        await _drain.StartAsync(Token);
        _fixture.Readiness.IsReady.Should().BeFalse();
        await _drain.StartedAsync(Token);
        (_fixture.Readiness.IsReady, _fixture.Readiness.IsDraining).Should().Be((true, false));

        await _drain.StoppingAsync(Token).Soon();

        (_fixture.Readiness.IsReady, _fixture.Readiness.IsDraining).Should().Be((false, true), "with nobody inside, nobody is waited for");
    }

    [Fact]
    public async Task Who_is_inside_is_told_has_the_grace_and_is_closed_with_1001()
    {
        var connections = new[] { _fixture.Open(), _fixture.Open() };

        var stopping = _drain.StoppingAsync(Token);

        foreach (var connection in connections)
        {
            var told = await connection.Socket.SentAsync(0);
            (told.GetProperty("type").GetString(), told.GetProperty("reconnect_within_ms").GetInt32()).Should().Be(("server_draining", 5000));
        }

        await _fixture.Clock.WaitsAsync(Grace);
        _fixture.Clock.Advance(Grace - TimeSpan.FromTicks(1));
        var late = _fixture.Open();
        await ConnectionFixture.SettleAsync();
        (stopping.IsCompleted, connections[0].Reason).Should().Be((false, null));
        _fixture.Clock.Advance(TimeSpan.FromTicks(1));
        await stopping.Soon();

        connections.Append(late).Select(connection => connection.Reason).Should().OnlyContain(reason => reason == CloseReason.Draining, "also of who came just before");
        _fixture.Lines.All.Should().Equal("Information: Draining 2 connections");
    }

    [Fact]
    public async Task A_single_connection_has_the_grace_too()
    {
        var only = _fixture.Open();

        var stopping = _drain.StoppingAsync(Token);
        await _fixture.Clock.WaitsAsync(Grace);
        _fixture.Clock.Advance(Grace);

        await stopping.Soon();
        only.Reason.Should().Be(CloseReason.Draining);
    }
}
