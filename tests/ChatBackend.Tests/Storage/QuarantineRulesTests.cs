using System.Diagnostics.Metrics;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>When a thread that could not be read is refused, looked at again, and served.</summary>
[Trait("failure", "Q1")]
public sealed class QuarantineRulesTests : IAsyncLifetime
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");
    private readonly LogLines _lines = new(typeof(Quarantine).FullName!);
    private readonly FakeTimeProvider _clock = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private SqliteLogHost _host = null!;
    private LogWriter _writer = null!;
    private ChatMetrics _metrics = null!;
    private Quarantine _quarantine = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await SqliteLogHost.StartAsync(_data.FullName);
        _writer = LogWriter.OfNewThread(_host.Log);
        for (var i = 0; i < 3; i++)
        {
            await _writer.AppendAsync(Event());
        }

        var loggers = LoggerFactory.Create(logging => logging.AddProvider(_lines));
        _metrics = new ChatMetrics(_services.GetRequiredService<IMeterFactory>());
        _quarantine = new Quarantine(_host.Log, _host.Log, _metrics, _clock, loggers.CreateLogger<Quarantine>());
    }

    [Fact]
    public async Task A_thread_is_refused_until_it_was_looked_at_after_the_pause_and_found_whole()
    {
        await AdmitAsync();
        Damage("UPDATE events SET json = X'FF' WHERE seq = 2");
        await Looking().Should().NotThrowAsync("nothing is known of it yet");
        _quarantine.Add(new UnreadableThreadException(_writer.Thread, 2, "it does not decode."));
        _quarantine.Add(new UnreadableThreadException(_writer.Thread, 2, "it does not decode."));
        _lines.All.Should().ContainSingle().Which.Should().StartWith("Error").And.Contain(_writer.Thread.Value);

        _clock.Advance(Quarantine.Pause);
        await Looking().Should().ThrowAsync<UnreadableThreadException>("it was looked at, and is not whole");
        Damage("UPDATE events SET json = (SELECT CAST(replace(CAST(json AS TEXT), '\"seq\":1,', '\"seq\":2,') AS BLOB) FROM events WHERE seq = 1) WHERE seq = 2");
        await Looking().Should().ThrowAsync<UnreadableThreadException>("it is not looked at again so soon");
        _clock.Advance(Quarantine.Pause - TimeSpan.FromMilliseconds(1));
        await Looking().Should().ThrowAsync<UnreadableThreadException>();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await AdmitAsync();
        await AdmitAsync();

        _lines.All.Should().HaveCount(2).And.Subject.Last().Should().StartWith("Information").And.Contain(_writer.Thread.Value);
    }

    [Theory]
    [InlineData("DELETE FROM events WHERE seq = 1")]
    [InlineData("DELETE FROM events WHERE seq = 2")]
    [InlineData("DELETE FROM events WHERE seq = 3")]
    public async Task One_that_lacks_an_event_stays_refused_to_its_owner(string damage)
    {
        Damage(damage);
        _quarantine.Add(new UnreadableThreadException(_writer.Thread, 2, "it is missing."));

        _clock.Advance(Quarantine.Pause);

        await Looking().Should().ThrowAsync<UnreadableThreadException>();
    }

    [Fact]
    public async Task Threads_in_quarantine_are_counted_once_each()
    {
        var other = ThreadId.New();
        foreach (var thread in new[] { _writer.Thread, _writer.Thread, other })
        {
            _quarantine.Add(new UnreadableThreadException(thread, 2, "it is missing."));
        }

        _metrics.ThreadsQuarantined.Should().Be(2);
        _quarantine.Release(other);
        _quarantine.Release(other);
        _metrics.ThreadsQuarantined.Should().Be(1);
        (await Looking().Should().ThrowAsync<UnreadableThreadException>()).WithMessage($"{_writer.Thread} cannot be read at event 0: it is in quarantine.");
        _clock.Advance(Quarantine.Pause);
        await AdmitAsync();
        _metrics.ThreadsQuarantined.Should().Be(0);
    }

    [Theory]
    [InlineData("DELETE FROM events WHERE seq = 3", true, "it is missing; the head is 3.")]
    [InlineData("DELETE FROM events WHERE seq = 3", false, null)]
    [InlineData("DELETE FROM events WHERE seq = 2", false, "it is missing.")]
    [InlineData("UPDATE threads SET history_begins = 2; DELETE FROM events WHERE seq = 1", true, null)]
    [InlineData("UPDATE threads SET history_begins = 2; DELETE FROM events WHERE seq = 1", false, null)]
    [InlineData("UPDATE threads SET history_begins = 3; DELETE FROM events WHERE seq < 3", false, null)]
    [InlineData("UPDATE threads SET history_begins = 4; DELETE FROM events", true, null)]
    [InlineData("UPDATE events SET json = X'FF' WHERE seq = 1", false, "it does not decode.")]
    public async Task A_look_asks_for_what_its_owner_should_find_and_of_others_for_what_follows_on_one_another(string damage, bool isOwner, string? missing)
    {
        Damage(damage);
        _quarantine.Add(new UnreadableThreadException(_writer.Thread, 2, "it is missing."));
        _clock.Advance(Quarantine.Pause);

        var looking = FluentActions.Awaiting(() => _quarantine.AdmitAsync(_writer.Thread, isOwner ? _writer.Owner : null).AsTask());

        if (missing is null)
        {
            await looking.Should().NotThrowAsync();
        }
        else
        {
            (await looking.Should().ThrowAsync<UnreadableThreadException>()).Which.Message.Should().EndWith(missing);
        }
    }

    [Fact]
    public async Task All_pages_of_a_long_thread_are_looked_at()
    {
        for (var i = 0; i < 300; i++)
        {
            await _writer.AppendAsync(Event());
        }

        _quarantine.Add(new UnreadableThreadException(_writer.Thread, 290, "it does not decode."));
        _clock.Advance(Quarantine.Pause);
        await AdmitAsync();
        Damage("UPDATE events SET json = X'FF' WHERE seq = 290");
        _quarantine.Add(new UnreadableThreadException(_writer.Thread, 290, "it does not decode."));
        _clock.Advance(Quarantine.Pause);

        (await Looking().Should().ThrowAsync<UnreadableThreadException>()).WithMessage("*event 290*");
    }

    [Fact]
    public async Task One_that_is_deleted_is_refused_no_longer()
    {
        _quarantine.Add(new UnreadableThreadException(_writer.Thread, 2, "it is missing."));
        await Looking().Should().ThrowAsync<UnreadableThreadException>();

        _quarantine.Release(_writer.Thread);

        await AdmitAsync();
    }

    [Fact]
    public void A_page_that_cannot_go_on_as_it_is_puts_its_thread_in_quarantine()
    {
        var page = new[] { new StoredEvent(1, "{}"u8.ToArray()) };

        _quarantine.Invoking(quarantine => quarantine.Check(_writer.Thread, page)).Should().Throw<UnreadableThreadException>();

        _lines.All.Should().ContainSingle();
    }

    [Fact]
    public async Task What_is_in_the_history_that_is_kept_has_to_be_there()
    {
        (await _quarantine.MustHoldAsync(_writer.Owner, _writer.Thread, 1)).Should().BeTrue();
        (await _quarantine.MustHoldAsync(_writer.Owner, _writer.Thread, 3)).Should().BeTrue();
        (await _quarantine.MustHoldAsync(_writer.Owner, _writer.Thread, 0)).Should().BeFalse();
        (await _quarantine.MustHoldAsync(_writer.Owner, _writer.Thread, 4)).Should().BeFalse();
        (await _quarantine.MustHoldAsync(_writer.Owner, ThreadId.New(), 1)).Should().BeFalse();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _services.DisposeAsync();
        _data.Delete(recursive: true);
    }

    private Func<Task> Looking() => AdmitAsync;

    private async Task AdmitAsync() => await _quarantine.AdmitAsync(_writer.Thread, _writer.Owner);

    private void Damage(string sql)
    {
        using var connection = SqliteLogHost.Connect(_data.FullName);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private LogAppend Event()
    {
        var message = new UserMessage
        {
            ThreadId = _writer.Thread, Seq = _writer.Head + 1, At = LogWriter.At, MessageId = MessageId.New(), Content = "hello", ClientId = new ClientFrameId("c"),
        };
        return _writer.Next() with { Events = [new LogEvent(message.Seq, WireJson.Encode(message), null)] };
    }
}
