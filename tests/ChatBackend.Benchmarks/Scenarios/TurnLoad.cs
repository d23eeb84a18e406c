using System.Diagnostics;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>Turns for a while: as fast as each client gets its answers, or so many a second. Measures a window in the middle, from outside the server.</summary>
internal sealed class TurnLoad(Crowd crowd, Question question)
{
    private readonly Random _random = new(1);
    private List<FinishedTurn>? _finished;
    private bool _isStopping;
    private bool _asksAgain;
    private int _next;
    private long _late;

    /// <summary>Each client asks again as soon as it is answered.</summary>
    public TurnWindow Closed(TimeSpan settle, TimeSpan time) => Run(settle, time, () =>
    {
        _asksAgain = true;
        foreach (var client in crowd.Clients)
        {
            crowd.Loop.After(TimeSpan.FromMilliseconds(_random.Next(100)), () => Ask(client));
        }
    });

    /// <summary>Clients in turn ask at even distances, whatever the answers do.</summary>
    public TurnWindow Paced(double perSecond, TimeSpan settle, TimeSpan time) => Run(settle, time, () =>
    {
        var every = Stopwatch.Frequency / perSecond;
        Pace(Stopwatch.GetTimestamp(), every, 1);
    });

    /// <summary>The same without a pause to settle: how many turns ended in each of so many windows.</summary>
    public int[] Answered(double perSecond, TimeSpan window, int windows)
    {
        var (answered, began) = (new int[windows], Stopwatch.GetTimestamp());
        foreach (var client in crowd.Clients)
        {
            client.TurnEnded = _ => answered[Math.Min((int)((crowd.Loop.Now - began) / LoadLoop.Ticks(window)), windows - 1)]++;
        }

        Pace(began, Stopwatch.Frequency / perSecond, 1);
        crowd.Loop.RunFor(window * windows);
        Stop();
        return answered;
    }

    private TurnWindow Run(TimeSpan settle, TimeSpan time, Action begin)
    {
        foreach (var client in crowd.Clients)
        {
            client.TurnEnded = turn =>
            {
                _finished?.Add(turn);
                if (_asksAgain)
                {
                    Ask(client);
                }
            };
        }

        begin();
        crowd.Loop.RunFor(settle);
        var (cpu, runner, began, frames, late) = (ProcessClock.Cpu(crowd.Server.Pid), ProcessClock.Cpu(Environment.ProcessId), Stopwatch.GetTimestamp(), Received(), _late);
        _finished = new List<FinishedTurn>(1 << 16);
        crowd.Loop.RunFor(time);
        var window = new TurnWindow(
            _finished, question, Stopwatch.GetElapsedTime(began), ProcessClock.Cpu(crowd.Server.Pid) - cpu,
            ProcessClock.Cpu(Environment.ProcessId) - runner, Received() - frames, _late - late);
        _finished = null;
        Stop();
        return window;
    }

    private void Stop()
    {
        _isStopping = true;
        crowd.Until(() => crowd.Clients.TrueForAll(client => !client.IsInTurn || client.Failure is not null), "the last answers");
        crowd.ThrowIfFailed();
    }

    private void Ask(LoadClient client)
    {
        if (!_isStopping && !client.Socket.IsClosed)
        {
            client.Chat(question.Content, question.Answer);
        }
    }

    private void Pace(long first, double every, long number)
    {
        if (_isStopping)
        {
            return;
        }

        // The next that is free; a round without one is a server that does not keep up.
        var clients = crowd.Clients;
        var tried = 0;
        while (tried++ < clients.Count && clients[_next % clients.Count].IsInTurn)
        {
            _next++;
        }

        if (tried > clients.Count)
        {
            _late++;
        }
        else
        {
            Ask(clients[_next++ % clients.Count]);
        }

        crowd.Loop.At(first + (long)(number * every), () => Pace(first, every, number + 1));
    }

    private long Received() => crowd.Clients.Sum(client => client.Received);
}

/// <summary>What a while of turns came to.</summary>
/// <param name="Late">Turns that could not begin at their time, since every client waited for an answer.</param>
internal sealed record TurnWindow(
    IReadOnlyList<FinishedTurn> Turns, Question Question, TimeSpan Wall, TimeSpan ServerCpu, TimeSpan RunnerCpu, long Frames, long Late)
{
    public double TurnsPerSecond => Turns.Count / Wall.TotalSeconds;

    public double CpuPerTurnUs => ServerCpu.TotalMicroseconds / Turns.Count;

    /// <summary>Of events as they were said; one that went with others into a longer delta counts as delivered.</summary>
    public double CpuPerEventUs => CpuPerTurnUs / Question.Events;

    public double FramesPerTurn => (double)Frames / Turns.Count;

    public double FirstEventMs(double share) =>
        Report.Statistics.Percentile([.. Turns.Select(turn => Stopwatch.GetElapsedTime(0, turn.FirstEvent).TotalMilliseconds)], share);

    /// <summary>Share of its processor that the load runner needed.</summary>
    public double RunnerBusy => RunnerCpu / Wall;

    public double ServerBusy => ServerCpu / Wall;
}
