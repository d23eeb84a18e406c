using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Campaign;

/// <summary>A user with several tabs, each with dice of its own, that talk in the same threads until it is enough.</summary>
internal sealed class ScriptedUser(string name, Uri server, GuestSession guest, Evidence evidence, int seed)
{
    private const int ThreadsAtOnce = 4;
    private const int MessagesRemembered = 12;

    private readonly Lock _lock = new();
    private readonly List<ThreadId> _talkedIn = [];
    private readonly Queue<(ChatFrame Frame, Ack Ack)> _recent = new();

    public GuestSession Guest => guest;

    public SendLedger Sends { get; } = new(what => evidence.Broken(name, what));

    /// <summary>One tab after the other in the same place, until it is enough.</summary>
    public async Task SitAsync(int place, CancellationToken enough)
    {
        var dice = new Random(seed + place);
        for (var visit = 1; !enough.IsCancellationRequested; visit++)
        {
            await using var tab = new Tab($"{name} tab {place}.{visit}", server, guest, evidence, Sends, new Random(dice.Next()));
            await using var other = new Tab($"{name} tab {place}.{visit}b", server, guest, evidence, Sends, new Random(dice.Next()));
            try
            {
                for (var act = dice.Next(10, 120); act > 0 && !enough.IsCancellationRequested; act--)
                {
                    await ActAsync(tab, other, dice);
                }

                if (dice.Next(3) == 0)
                {
                    _ = await Task.WhenAny(tab.ChatAsync(Draft(dice)), other.PauseAsync(0)); // gone before it heard
                }
            }
            catch (TimeoutException ex)
            {
                evidence.Broken(tab.Name, ex.Message);
            }
        }
    }

    private Task ActAsync(Tab tab, Tab other, Random dice) => tab.Asked is [var asked, ..] ? DecideAsync(asked, tab, other, dice) : dice.Next(20) switch
    {
        < 13 => TalkAsync(tab, other, dice),
        13 => RepeatAsync(tab, dice),
        14 => FalsifyAsync(tab, dice),
        15 => StopAsync(tab, dice),
        16 or 17 => VisitAsync(other, dice),
        18 => LeaveAsync(dice.Next(2) == 0 ? tab : other, dice),
        _ => DropAsync(tab),
    };

    /// <summary>A message, now and then from two connections at once, and then what people do: they wait, stop it, take it back or go on.</summary>
    private async Task TalkAsync(Tab tab, Tab other, Random dice)
    {
        var message = Draft(dice);
        Tab[] senders = dice.Next(6) == 0 ? [tab, other] : [tab];
        var answers = await Task.WhenAll(senders.Select(sender => sender.ChatAsync(message)));
        if (answers[0] is not Ack ack)
        {
            Refused(message, (Error)answers[0]);
            return;
        }

        Remember(message, ack);
        switch (dice.Next(10))
        {
            case 0:
                await StopAsync(tab, new StopFrame { Id = ClientFrameId.New(), ThreadId = ack.ThreadId!.Value, RunId = ack.RunId });
                break;
            case 1:
                await StopAsync(tab, new StopFrame { Id = ClientFrameId.New(), ThreadId = ack.ThreadId!.Value, MessageId = ack.MessageId });
                break;
            case < 7:
                var ended = tab.EndOfAsync(ack);
                while (await Task.WhenAny(ended, tab.PauseAsync(0)) != ended)
                {
                    if (tab.Asked is [var asked, ..])
                    {
                        await DecideAsync(asked, tab, other, dice);
                    }
                }

                await ended;
                break;
        }
    }

    /// <summary>Two devices decide at once, now and then on other arguments than those shown: one wins, on what was shown. Or nobody does, until it is too late.</summary>
    private async Task DecideAsync(ApprovalRequired asked, Tab tab, Tab other, Random dice)
    {
        if (dice.Next(4) == 0)
        {
            return;
        }

        Tab[] deciders = dice.Next(2) == 0 ? [tab, other] : [tab];
        var answers = await Task.WhenAll(deciders.Select(async decider =>
        {
            DecideFrame decision;
            lock (_lock)
            {
                decision = new DecideFrame
                {
                    Id = ClientFrameId.New(),
                    ThreadId = asked.ThreadId,
                    CallId = asked.CallId,
                    ArgumentsDigest = dice.Next(8) == 0 ? "sha256:00" : asked.ArgumentsDigest,
                    Decision = (ApprovalDecision)dice.Next(2),
                };
            }

            var answer = await decider.DecideAsync(decision);
            var isExpected = answer is Ack ? decision.ArgumentsDigest == asked.ArgumentsDigest : ((Error)answer).Code switch
            {
                ErrorCode.AlreadyDecided or ErrorCode.Expired or ErrorCode.NoSuchRun => true,
                ErrorCode.NotFound => decision.ArgumentsDigest != asked.ArgumentsDigest,
                _ => false,
            };
            if (!isExpected)
            {
                evidence.Broken(decider.Name, $"{decision} was answered with {answer}");
            }

            return answer;
        }));
        if (answers.Count(answer => answer is Ack) > 1)
        {
            evidence.Broken(tab.Name, $"{asked.CallId} was decided twice");
        }
    }

    /// <summary>What was acknowledged is sent again, as a client does that lost the answer.</summary>
    private async Task RepeatAsync(Tab tab, Random dice)
    {
        if (Recent(dice) is var (frame, _) && await tab.ChatAsync(frame) is not Ack { Status: AckStatus.Duplicate })
        {
            evidence.Broken(tab.Name, $"{frame.Id} was acknowledged and is not a duplicate");
        }
    }

    private async Task FalsifyAsync(Tab tab, Random dice)
    {
        if (Recent(dice) is var (frame, _) && await tab.SendAsync(frame with { Content = "something else" }) is not Error { Code: ErrorCode.IdConflict })
        {
            evidence.Broken(tab.Name, $"{frame.Id} with other content is not an id_conflict");
        }
    }

    private async Task StopAsync(Tab tab, Random dice)
    {
        if (Recent(dice) is var (_, ack))
        {
            await StopAsync(tab, new StopFrame { Id = ClientFrameId.New(), ThreadId = ack.ThreadId!.Value });
        }
    }

    private async Task StopAsync(Tab tab, StopFrame stop)
    {
        if (await tab.SendAsync(stop) is Error { Code: not ErrorCode.NoSuchRun } refused)
        {
            evidence.Broken(tab.Name, $"{stop} was refused: {refused}");
        }
    }

    /// <summary>A thread is looked at from its beginning or from somewhere in it.</summary>
    private async Task VisitAsync(Tab tab, Random dice)
    {
        if (Recent(dice) is var (_, ack))
        {
            await tab.FollowAsync(ack.ThreadId!.Value, dice.Next(2) == 0 ? 0 : dice.NextInt64(ack.Seq!.Value));
        }
    }

    private static async Task LeaveAsync(Tab tab, Random dice)
    {
        if (tab.Followed is { Count: > 0 } followed)
        {
            await tab.UnfollowAsync(followed[dice.Next(followed.Count)]);
        }
    }

    private static Task DropAsync(Tab tab)
    {
        tab.Drop();
        return Task.CompletedTask;
    }

    private ChatFrame Draft(Random dice)
    {
        var message = new ChatFrame
        {
            Id = ClientFrameId.New(),
            Content = Script.Draw(dice, mayAsk: true),
            Agent = Scenario.Agent,
            WhenRunning = (WhenRunning)(dice.Next(2) * dice.Next(4)),
        };
        lock (_lock)
        {
            if (dice.Next(12) == 0 || _talkedIn.Count == 0)
            {
                return message;
            }

            var thread = _talkedIn[dice.Next(_talkedIn.Count)];
            var replaced = dice.Next(12) == 0 ? _recent.Where(recent => recent.Ack.ThreadId == thread).Select(recent => recent.Ack.MessageId).FirstOrDefault() : null;
            return message with { ThreadId = thread, Replaces = replaced };
        }
    }

    private void Remember(ChatFrame message, Ack ack)
    {
        lock (_lock)
        {
            if (message.ThreadId is null)
            {
                _talkedIn.Add(ack.ThreadId!.Value);
                if (_talkedIn.Count > ThreadsAtOnce)
                {
                    _talkedIn.RemoveAt(0);
                }
            }

            _recent.Enqueue((message, ack));
            if (_recent.Count > MessagesRemembered)
            {
                _recent.Dequeue();
            }
        }
    }

    private (ChatFrame Frame, Ack Ack)? Recent(Random dice)
    {
        lock (_lock)
        {
            return _recent.Count == 0 ? null : _recent.ElementAt(dice.Next(_recent.Count));
        }
    }

    private void Refused(ChatFrame message, Error error)
    {
        var isExpected = error.Code switch
        {
            ErrorCode.RunInProgress => message.WhenRunning == WhenRunning.Reject,
            ErrorCode.NotFound => message.Replaces is not null,
            ErrorCode.QuotaExceeded => true,
            _ => false,
        };
        if (!isExpected)
        {
            evidence.Broken(name, $"message {message.Id} was refused: {error}");
        }
    }
}
