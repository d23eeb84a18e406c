using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Faults;

/// <summary>A send that is cut off is sent again, and nobody can tell how far the first one came: it has one effect.</summary>
public sealed class CutSendTests(ITestOutputHelper output)
{
    private const int Sends = 1000;
    private const int Senders = 4;

    private readonly ConcurrentDictionary<(Phase Phase, AckStatus Status), int> _retries = new();

    /// <remarks>CHAT_SEED repeats the dice of an earlier run.</remarks>
    [Fact]
    [Trait("failure", "D29")]
    [Trait("failure", "P4")]
    public async Task A_thousand_sends_cut_at_every_phase_and_sent_again_make_a_thousand_runs()
    {
        var seed = Clients.Setting("CHAT_SEED", Random.Shared.Next());
        output.WriteLine($"CHAT_SEED={seed}");
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted);
        var broken = new ConcurrentQueue<string>();

        var runs = await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => SendManyAsync(server, new Random(seed + sender), broken)));

        foreach (var ((phase, status), count) in _retries.OrderBy(retry => retry.Key.Phase))
        {
            output.WriteLine($"{phase}: the only retry was {status} {count} times");
        }

        broken.Should().BeEmpty();
        server.Complaints.Should().BeEmpty();
        runs.Sum().Should().Be(Sends);
        // Also of threads that nobody was told of.
        (await server.MetricAsync("chat_runs_ended_total")).Should().Be(Sends);
        _retries.Keys.Should().Contain([(Phase.BeforeRead, AckStatus.Accepted), (Phase.BeforeAck, AckStatus.Duplicate), (Phase.AfterAck, AckStatus.Duplicate)]);
    }

    /// <returns>How many runs the log has.</returns>
    private async Task<int> SendManyAsync(ServerProcess server, Random dice, ConcurrentQueue<string> broken)
    {
        var guest = await server.GuestAsync();
        var sends = new SendLedger(broken.Enqueue);
        await using var proxy = new FaultProxy(server.Http, _ => null);
        var thread = default(ThreadId?);
        for (var i = 0; i < Sends / Senders; i++)
        {
            var frame = new ChatFrame
            {
                Id = ClientFrameId.New(),
                Content = Scenario.Of(Scenario.Say(new string('x', dice.Next(1, 2000)))),
                Agent = Scenario.Agent,
                ThreadId = dice.Next(2) == 0 ? null : thread,
            };
            sends.Sending(frame);
            thread = await SendAsync(new Device(server, proxy, guest), frame, (Phase)(i % 4), sends, dice, broken);
        }

        var runs = 0;
        foreach (var some in sends.Threads.Chunk(50))
        {
            var (reader, log) = await Ledger.FollowAsync(server, guest, some);
            await using var _ = reader;
            await log.QuietAsync();
            log.Violations.ToList().ForEach(broken.Enqueue);
            foreach (var known in log.Threads)
            {
                sends.Check(known);
                runs += known.Runs.Count;
            }
        }

        sends.Finish();
        sends.Acknowledged.Should().Be(Sends / Senders);
        return runs;
    }

    /// <summary>Cut in the phase, sent again one to three times, of which only the last is not cut; that one now and then from two connections at once.</summary>
    private async Task<ThreadId> SendAsync(Device device, ChatFrame frame, Phase phase, SendLedger sends, Random dice, ConcurrentQueue<string> broken)
    {
        if (await device.CutAsync(frame, phase, dice) is Ack heard)
        {
            sends.Take(heard);
        }

        var retries = dice.Next(1, 4);
        for (var retry = 1; retry < retries; retry++)
        {
            if (await device.CutAsync(frame, (Phase)dice.Next(4), dice) is Ack again)
            {
                sends.Take(again);
            }
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, dice.Next(1, 3)).Select(_ => device.SendAsync(frame)));
        foreach (var answer in answers)
        {
            sends.Take((Ack)answer);
        }

        // Two of which one is new: it was for the one of them that came first.
        var status = answers.Cast<Ack>().Min(ack => ack.Status);
        if (phase >= Phase.BeforeAck && status != AckStatus.Duplicate)
        {
            broken.Enqueue($"{frame.Id} was committed before, and accepted again");
        }

        if (retries == 1)
        {
            _retries.AddOrUpdate((phase, status), 1, (_, count) => count + 1);
            if (phase == Phase.BeforeRead && status != AckStatus.Accepted)
            {
                broken.Enqueue($"{frame.Id} was never read, and is a duplicate");
            }
        }

        if (await device.SendAsync(frame with { Content = frame.Content + " " }) is not Error { Code: ErrorCode.IdConflict })
        {
            broken.Enqueue($"{frame.Id} with other content is not an id_conflict");
        }

        return ((Ack)answers[0]).ThreadId!.Value;
    }

    private enum Phase
    {
        /// <summary>Not all of the frame reaches the server: it had no effect.</summary>
        BeforeRead,

        /// <summary>The frame reaches the server whole, and the next byte after it cuts: before the commit or not, the retry tells.</summary>
        BeforeCommit,

        /// <summary>The first byte of the ack cuts: it is committed, and the sender does not know.</summary>
        BeforeAck,

        AfterAck,
    }

    private sealed class Device(ServerProcess server, FaultProxy proxy, GuestSession guest)
    {
        /// <summary>Without a fault.</summary>
        public async Task<ServerFrame> SendAsync(ChatFrame frame)
        {
            using var socket = await Clients.OpenAsync(server.WebSocket, guest);
            await socket.NextAsync();
            await socket.SendAsync(Text(frame));
            return await AnswerAsync(socket);
        }

        /// <returns>The answer, if the sender heard it.</returns>
        public async Task<ServerFrame?> CutAsync(ChatFrame frame, Phase phase, Random dice)
        {
            using var socket = await Clients.OpenAsync(proxy.WebSocket, guest);
            await socket.NextAsync();
            var length = LengthOf(frame);
            var kind = dice.Next(2) == 0 ? FaultKind.Cut : FaultKind.Reset;
            if (phase != Phase.AfterAck)
            {
                proxy.Arm(phase switch
                {
                    Phase.BeforeRead => new Fault(kind, Direction.Up, dice.Next(length), TimeSpan.Zero),
                    Phase.BeforeCommit => new Fault(kind, Direction.Up, length, TimeSpan.Zero),
                    _ => new Fault(kind, Direction.Down, 0, TimeSpan.Zero),
                });
            }

            try
            {
                await socket.SendAsync(Text(frame));
                if (phase == Phase.BeforeCommit)
                {
                    await socket.SendAsync(Text(new PingFrame()));
                }

                return await AnswerAsync(socket);
            }
            catch (WebSocketException)
            {
                return null; // cut
            }
        }

        private static async Task<ServerFrame> AnswerAsync(ClientWebSocket socket)
        {
            while (true)
            {
                var text = await socket.NextAsync() ?? throw new InvalidOperationException($"Closed with {(int?)socket.CloseStatus}.");
                if (WireJson.DecodeServerFrame(Encoding.UTF8.GetBytes(text)) is (Ack or Error) and var answer)
                {
                    return answer;
                }
            }
        }

        private static string Text(ClientFrame frame) => Encoding.UTF8.GetString(WireJson.Encode(frame));

        /// <summary>Of the WebSocket frame: its header, the mask, the text.</summary>
        private static int LengthOf(ChatFrame frame)
        {
            var text = WireJson.Encode((ClientFrame)frame).Length;
            return 2 + (text < 126 ? 0 : 2) + 4 + text;
        }
    }
}
