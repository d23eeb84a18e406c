using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Storage;

/// <summary>That a thread was deleted is forgotten after a time, and who knows the list only from before that is told so.</summary>
[Trait("failure", "L7")]
public sealed class ForgottenDeletionsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-log-");
    private readonly FakeTimeProvider _clock = new(LogWriter.At);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Old_deletions_are_forgotten_and_lists_are_known_only_from_there()
    {
        var user = UserId.New();
        ListRange range;
        await using (var host = await SqliteLogHost.StartAsync(_directory.FullName, clock: _clock))
        {
            var (old, young, kept) = (await LogWriter.StartAsync(host.Log, user), await LogWriter.StartAsync(host.Log, user), await LogWriter.StartAsync(host.Log, user));
            await host.Log.DeleteAsync(old.Thread, old.Epoch, Cancelled);
            var forgotten = (await host.Log.ListRangeAsync(user, Cancelled)).Newest;
            _clock.Advance(TimeSpan.FromDays(29));
            await host.Log.DeleteAsync(young.Thread, young.Epoch, Cancelled);
            await EraseAsync(host);
            (await host.Log.ListRangeAsync(user, Cancelled)).KnownFrom.Should().Be(0, "both are young enough");

            _clock.Advance(TimeSpan.FromDays(2));
            await EraseAsync(host);

            range = await host.Log.ListRangeAsync(user, Cancelled);
            range.KnownFrom.Should().Be(forgotten);
            (await host.Log.ListChangesAsync(user, 0, 10, Cancelled)).Changes.Select(change => (change.Thread, change.Record is null))
                .Should().BeEquivalentTo([(kept.Thread, false), (young.Thread, true)]);
            _clock.Advance(TimeSpan.FromDays(60));
            await EraseAsync(host);
            (await host.Log.ListRangeAsync(user, Cancelled)).Should().Be(new ListRange(range.Newest, range.Newest));
            await host.Log.DeleteAsync(kept.Thread, kept.Epoch, Cancelled);
            range = await host.Log.ListRangeAsync(user, Cancelled);
            _clock.Advance(TimeSpan.FromDays(60));
            await EraseAsync(host);
        }

        // Numbers go on after what is forgotten, whatever the clock says.
        await using var again = await SqliteLogHost.StartAsync(_directory.FullName, clock: new FakeTimeProvider(LogWriter.At));
        var next = await LogWriter.StartAsync(again.Log, user);

        (await again.Log.ListChangesAsync(user, range.Newest, 10, Cancelled)).Changes.Should().ContainSingle().Which.Thread.Should().Be(next.Thread);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static async Task EraseAsync(SqliteLogHost host)
    {
        while (!await host.Log.EraseAsync(Cancelled))
        {
        }
    }
}
