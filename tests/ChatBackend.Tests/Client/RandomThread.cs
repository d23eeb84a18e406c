using System.Text.Json;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Runs;

namespace ChatBackend.Tests.Client;

/// <summary>What a thread could have sent, in the order it did: its events and, between them, its text. From a seed.</summary>
internal sealed class RandomThread
{
    private static readonly string[] Words = ["Grüße ", "👋🏽 ", "half ", "past ", "nine", ". ", "é", "世界 ", "\n"];

    private readonly Random _random;
    private readonly List<ServerFrame> _frames = [];
    private readonly List<UserMessage> _waiting = [];
    private readonly List<UserMessage> _messages = [];
    private RunId? _run;
    private MessageId _answers;
    private long _seq;
    private int _ids;

    public RandomThread(int seed, int steps)
    {
        _random = new Random(seed);
        for (var step = 0; step < steps; step++)
        {
            Step();
        }
    }

    public IReadOnlyList<ServerFrame> Frames => _frames;

    public IEnumerable<ThreadEvent> Events => _frames.OfType<ThreadEvent>();

    /// <summary>What a follower that has so much is sent when it follows after this many frames: events, then the rest of the text in flight.</summary>
    public IEnumerable<ServerFrame> Missed(int until, long cursor, Func<PartId, int> lengthOf)
    {
        var before = _frames.Take(until).ToList();
        foreach (var threadEvent in before.OfType<ThreadEvent>().Where(threadEvent => threadEvent.Seq > cursor))
        {
            yield return threadEvent;
        }

        foreach (var part in before.OfType<PartDelta>().GroupBy(delta => delta.PartId))
        {
            var last = part.Last();
            var text = string.Concat(part.Select(delta => delta.Text));
            var from = Math.Min(lengthOf(part.Key), text.Length);
            if (from < text.Length && !before.Any(frame => IsEndOf(frame, last)))
            {
                yield return last with { Offset = from, Text = text[from..] };
            }
        }
    }

    private static bool IsEndOf(ServerFrame frame, PartDelta delta) => frame switch
    {
        AgentPart part => part.PartId == delta.PartId,
        AgentCompleted or AgentStopped or AgentFailed => ((RunEvent)frame).RunId == delta.RunId,
        _ => false,
    };

    private void Step()
    {
        switch (_random.Next(12))
        {
            case 0 or 1:
                Say(replaces: null);
                break;
            case 2 when _waiting.Count > 0:
                var taken = TakeWaiting();
                Add(new MessageRemoved { MessageId = taken.MessageId });
                break;
            case 3 when _messages.Count > 1:
                Rewind();
                break;
            case 4 when _random.Next(3) == 0:
                Add(new ThreadRenamed { Title = $"title {_ids}", By = RenamedBy.Agent });
                break;
            case 5 when _run is { } run:
                End(run);
                break;
            case 6 or 7 when _run is { } run:
                CallTool(run);
                break;
            case 8 when _run is { } run && _waiting.Count > 0:
                Add(new MessageSteered { RunId = run, MessageId = TakeWaiting().MessageId });
                break;
            default:
                if (_run is { } talking)
                {
                    var (part, kind, text) = Stream(talking);
                    Add(new AgentPart { RunId = talking, PartId = part, Kind = kind, Text = text });
                }

                break;
        }

        if (_run is null && _waiting.Count > 0)
        {
            Start(TakeWaiting());
        }
    }

    private void Say(MessageId? replaces)
    {
        var message = new UserMessage
        {
            MessageId = new MessageId($"msg_{_ids++}"),
            Content = Word(),
            ClientId = new ClientFrameId($"c_{_ids}"),
            WhenRunning = _run is null ? null : WhenRunning.Queue,
            Replaces = replaces,
        };
        _messages.Add(message = message with { Seq = _seq + 1 });
        Add(message);
        _waiting.Add(message);
    }

    private void Rewind()
    {
        var replaced = _messages[_random.Next(_messages.Count)];
        Add(new ThreadRewound { ToSeq = replaced.Seq - 1 });
        _messages.RemoveAll(message => message.Seq >= replaced.Seq);
        _waiting.RemoveAll(message => message.Seq >= replaced.Seq);
        Say(replaced.MessageId);
    }

    private void Start(UserMessage message)
    {
        _run = new RunId($"run_{_ids++}");
        _answers = message.MessageId;
        Add(new AgentStarted { RunId = _run.Value, Agent = "demo", MessageId = _answers });
    }

    private void CallTool(RunId run)
    {
        var call = new CallId($"call_{_ids++}");
        var arguments = JsonElement.Parse($$"""{"n":{{_ids}}}""");
        var outcome = (ToolOutcome)_random.Next(4);
        if (_random.Next(2) == 0)
        {
            Add(new ApprovalRequired { RunId = run, CallId = call, Tool = "mail", Arguments = arguments, ArgumentsDigest = "sha256:1", ExpiresAt = default });
            if (_random.Next(3) > 0)
            {
                var decision = (ApprovalDecision)_random.Next(2);
                Add(new ApprovalDecided { RunId = run, CallId = call, Decision = decision, DecidedBy = new UserId("usr_1") });
                outcome = decision == ApprovalDecision.Reject ? ToolOutcome.Rejected : outcome;
            }
            else if (_random.Next(2) == 0)
            {
                return; // nobody has decided when the run ends
            }
            else
            {
                outcome = ToolOutcome.Rejected;
            }
        }

        if (outcome != ToolOutcome.Rejected)
        {
            Add(new ToolExecuting { RunId = run, CallId = call, Tool = "mail", Arguments = arguments });
        }

        Add(new ToolCompleted { RunId = run, CallId = call, Tool = "mail", Outcome = outcome, DurationMs = 1 });
    }

    private void End(RunId run)
    {
        var (part, kind, text) = Stream(run);
        if (kind == PartKind.Thinking)
        {
            Add(new AgentPart { RunId = run, PartId = part, Kind = kind, Text = text });
        }

        PartId? last = kind == PartKind.Thinking ? null : part;
        var said = last is null ? "" : text;
        Add(_random.Next(4) switch
        {
            0 => new AgentStopped { RunId = run, MessageId = new MessageId($"msg_{_ids++}"), PartId = last, Content = said, Reason = StopReason.User },
            1 => new AgentFailed { RunId = run, Code = RunFailure.Interrupted, Message = "gone", Retryable = true }, // what it had said was not saved
            2 => new AgentFailed { RunId = run, Code = RunFailure.Timeout, Message = "late", Retryable = true, PartId = last, Content = said },
            _ => new AgentCompleted { RunId = run, MessageId = new MessageId($"msg_{_ids++}"), PartId = last, Content = said, DurationMs = 1 },
        });
        _run = null;
    }

    private (PartId Part, PartKind Kind, string Text) Stream(RunId run)
    {
        var part = new PartId($"part_{_ids++}");
        var kind = (PartKind)_random.Next(2);
        var text = "";
        for (var deltas = _random.Next(6); deltas > 0; deltas--)
        {
            var word = Word();
            _frames.Add(kind == PartKind.Text
                ? new AgentDelta { ThreadId = Samples.TheThread, RunId = run, PartId = part, Offset = text.Length, Text = word }
                : new AgentThinking { ThreadId = Samples.TheThread, RunId = run, PartId = part, Offset = text.Length, Text = word });
            text += word;
        }

        return (part, kind, text);
    }

    private void Add(ThreadEvent threadEvent) => _frames.Add(threadEvent with { ThreadId = Samples.TheThread, Seq = ++_seq });

    private UserMessage TakeWaiting()
    {
        var message = _waiting[_random.Next(_waiting.Count)];
        _waiting.Remove(message);
        return message;
    }

    private string Word() => Words[_random.Next(Words.Length)];
}
