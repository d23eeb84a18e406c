using ChatBackend.Errors;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>A thread is taken away by its owner alone, and by the writer that has it.</summary>
public sealed class ThreadWriterDeleteTests : IAsyncLifetime
{
    private WriterBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await WriterBench.StartAsync(new FakeTimeProvider());
        await _bench.CreateAsync(WriterBench.Message("msg_1"));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_owner_takes_it_away_whether_it_is_open_or_not(bool isOpen)
    {
        var writer = isOpen ? _bench.Writer : _bench.Another();

        (await writer.DeleteAsync(_bench.Store, _bench.Owner)).Should().BeTrue();

        (writer.State, writer.IsDeleted, writer.IsFenced).Should().Be((null, true, false));
        (await _bench.Log.OpenAsync(_bench.Thread, CancellationToken.None)).Should().BeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task To_other_users_it_does_not_exist(bool isOpen)
    {
        var writer = isOpen ? _bench.Writer : _bench.Another();

        (await FluentActions.Awaiting(() => writer.DeleteAsync(_bench.Store, UserId.New())).Should().ThrowAsync<ProtocolException>())
            .Which.Code.Should().Be(ErrorCode.NotFound);

        writer.IsDeleted.Should().BeFalse();
        (await _bench.Log.OpenAsync(_bench.Thread, CancellationToken.None)).Should().NotBeNull();
    }

    [Fact]
    public async Task A_writer_that_has_it_no_more_does_not_take_it_away()
    {
        await _bench.Another().OpenAsync();

        (await _bench.Writer.DeleteAsync(_bench.Store, _bench.Owner)).Should().BeFalse();

        (_bench.Writer.IsDeleted, _bench.Writer.IsFenced, _bench.Writer.State!.Head).Should().Be((false, true, 1));
        (await _bench.Log.OpenAsync(_bench.Thread, CancellationToken.None)).Should().NotBeNull();
    }

    [Fact]
    public async Task After_one_that_failed_the_thread_is_looked_for_again()
    {
        var store = ServiceDecoration.Of<IThreadStore>(_bench.Store, (_, _, _) => Task.FromException<bool>(new LogUnavailableException("The store is away.")));
        await FluentActions.Awaiting(() => _bench.Writer.DeleteAsync(store, _bench.Owner)).Should().ThrowAsync<LogUnavailableException>();
        (_bench.Writer.IsDeleted, _bench.Writer.IsFenced).Should().Be((false, false));

        (await _bench.Writer.OpenAsync()).Should().BeTrue();
        (await _bench.Writer.DeleteAsync(_bench.Store, _bench.Owner)).Should().BeTrue();
    }
}
