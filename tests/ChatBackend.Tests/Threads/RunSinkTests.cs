using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads;
using ChatBackend.Threads.Publishing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Threads;

/// <summary>What a run writes into its thread, at moments that no client can bring about.</summary>
public sealed class RunSinkTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");
    private readonly FakeTimeProvider _clock = new();
    private readonly ThreadId _thread = ThreadId.New();
    private SqliteLogHost _host = null!;
    private ThreadPublisher _live = null!;
    private ThreadWriter _writer = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await SqliteLogHost.StartAsync(_data.FullName);
        _live = new ThreadPublisher(_thread, _clock, NullLogger.Instance);
        _writer = new ThreadWriter(_thread, _host.Log, _live, _clock);
    }

    [Fact]
    public async Task The_text_of_each_part_is_saved_from_its_beginning()
    {
        var sink = await StartAsync();
        await SpeakAsync(sink, PartKind.Thinking, "a thought that is longer than the answer");

        var saved = await SpeakAsync(sink, PartKind.Text, "the answer");

        saved[0].Offset.Should().Be(0);
        saved.Should().OnlyContain(piece => piece.Kind == PartKind.Text);
        string.Concat(saved.Select(piece => piece.Text)).Should().NotBeEmpty().And.Match(text => "the answer".StartsWith(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_stop_is_acknowledged_no_message_enters_the_run()
    {
        var sink = await StartAsync(new UserMessage
        {
            MessageId = MessageId.New(), Content = "this way", ClientId = ClientFrameId.New(), WhenRunning = WhenRunning.Steer,
        });
        _writer.State!.Steering.Should().ContainSingle();

        sink.Stopping = StopReason.User;

        (await sink.TakeSteeredAsync(CancellationToken.None)).Should().BeEmpty();
        _writer.State.Steering.Should().ContainSingle("it is for the next run to answer");
        sink.Stopping = null;
        (await sink.TakeSteeredAsync(CancellationToken.None)).Should().Equal("this way");
    }

    [Theory]
    [InlineData("a thought")]
    [InlineData("")]
    public async Task Half_a_character_at_the_end_of_a_part_does_not_begin_the_next_one(string before)
    {
        var sink = await StartAsync();
        await sink.WriteTextAsync(PartKind.Thinking, before + "\uD83D", CancellationToken.None);

        await sink.WriteTextAsync(PartKind.Text, "\uDE00 the answer", CancellationToken.None);

        _live.PartFrom(0)!.Text.Should().Be("\uFFFD the answer");
    }

    /// <summary>A run of a new thread, in which further messages wait.</summary>
    private async Task<RunSink> StartAsync(params UserMessage[] waiting)
    {
        var message = new UserMessage { MessageId = MessageId.New(), Content = "hello", ClientId = ClientFrameId.New() };
        var started = new AgentStarted { RunId = RunId.New(), Agent = "script", MessageId = message.MessageId };
        using (await _writer.EnterAsync())
        {
            await _writer.AppendAsync([message, started, .. waiting], creator: UserId.New());
        }

        _live.AcceptOutputFrom(started.RunId);
        return new RunSink(_writer.State!.Run!, _writer, _live, Interval, _clock, NullLogger.Instance)
        {
            Next = _ => null, TitleAsync = (_, _) => Task.FromResult<ThreadRenamed?>(null), Ended = () => { },
        };
    }

    /// <summary>Says so, letter by letter, each late enough to be saved.</summary>
    /// <returns>What is saved then.</returns>
    private async Task<IReadOnlyList<PartCheckpoint>> SpeakAsync(RunSink sink, PartKind kind, string text)
    {
        foreach (var letter in text)
        {
            _clock.Advance(Interval);
            await sink.WriteTextAsync(kind, letter.ToString(), CancellationToken.None);
            using var afterTheSave = await _writer.EnterAsync();
        }

        return await _host.Log.ReadCheckpointsAsync(_thread, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _data.Delete(recursive: true);
    }
}
