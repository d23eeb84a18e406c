using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using ChatBackend.Threads;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Threads;

/// <summary>The text of a part that a dead process had saved, in pieces that may overlap.</summary>
[Trait("failure", "Q5")]
public sealed class SavedTextTests : IDisposable
{
    private static readonly RunId Run = new("run_1");
    private static readonly PartId Part = new("part_1");

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("chat-backend-");

    [Fact]
    public void Whatever_pieces_cover_the_text_and_in_whatever_order_they_give_it_once()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => (char)random.Next('a', 'z' + 1)));
            var pieces = new List<PartCheckpoint>();
            for (var end = 0; end < text.Length;)
            {
                // As after an unknown outcome: the next begins where this one did, or anywhere before its end.
                var begin = random.Next(3) == 0 ? random.Next(end + 1) : end;
                end = random.Next(Math.Max(begin, end) + 1, text.Length + 1);
                pieces.Add(Piece(begin, text[begin..end]));
            }

            pieces.AddRange(pieces.Where(_ => random.Next(4) == 0).ToList());
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pieces));

            SavedText.Of(pieces)!.Text.Should().Be(text, "of seed {0}", seed);
        }
    }

    [Fact]
    public void A_hole_ends_the_text_there()
    {
        SavedText.Of([Piece(0, "Hello "), Piece(8, "rld.")])!.Text.Should().Be("Hello ");
        SavedText.Of([Piece(1, "ello")]).Should().BeNull();
        SavedText.Of([]).Should().BeNull();
    }

    [Fact]
    public void Only_the_part_that_was_saved_last_is_given_and_only_what_is_new_of_each_piece()
    {
        PartCheckpoint[] earlier = [new(Run, new PartId("part_0"), PartKind.Thinking, 0, "an earlier part that is longer")];

        SavedText.Of([.. earlier, Piece(0, "abc"), Piece(3, "de"), Piece(1, "bcd"), Piece(4, "ef"), Piece(0, "abcdef")])
            .Should().Be(new PartText(Run, Part, PartKind.Text, 0, "abcdef"));
        SavedText.Of([.. earlier, Piece(0, "")]).Should().BeNull();
        SavedText.Of(earlier)!.Kind.Should().Be(PartKind.Thinking);
    }

    [Fact]
    public async Task A_save_whose_outcome_was_unknown_doubles_nothing()
    {
        var faults = 0;
        GuestSession guest;
        Ack ack;
        await using (var server = new ChatServer(
            _data, services => services.AddSingleton<IEventLog>(provider => new FaultyLog(provider.GetRequiredService<SqliteEventLog>())),
            ("Runs:CheckpointInterval", "00:00:00.1")))
        {
            var saved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ((FaultyLog)server.Services.GetRequiredService<IEventLog>()).FaultOf = append =>
            {
                if (append.Checkpoint is not null && ++faults == 3)
                {
                    saved.TrySetResult();
                }

                // No end is recorded either: it is as if the process had died.
                return append.Checkpoint is not null && faults == 1 ? AppendFault.After : append.DropCheckpoints ? AppendFault.Bug : null;
            };
            await using var client = await server.ConnectAsync();
            ack = await client.PlayAsync("""{"steps":[{"say":"abcdefghijklmnopqrstuvwxyz0123456789","chunks":36,"every_ms":60}]}""");
            guest = client.Guest;
            await saved.Task.Soon();
        }

        faults.Should().BeGreaterThan(1);
        await using var next = new ChatServer(_data);
        await using var late = await next.ConnectAsync(guest);
        await late.Connection.FollowAsync(ack.ThreadId!.Value, 0).Soon();

        var content = (await late.EndOfAsync(ack)).Should().BeOfType<AgentFailed>().Which.Content;
        content.Should().NotBeNullOrEmpty();
        "abcdefghijklmnopqrstuvwxyz0123456789".Should().StartWith(content);
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static PartCheckpoint Piece(int offset, string text) => new(Run, Part, PartKind.Text, offset, text);
}
