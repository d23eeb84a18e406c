using ChatBackend.Protocol;

namespace ChatBackend.Client.Threads;

/// <summary>A thread that frames are still added to, each once and in order. Not thread-safe.</summary>
internal sealed class TranscriptBuilder
{
    private readonly List<object> _entries = []; // UserEntry or RunBuilder
    private readonly Dictionary<RunId, RunBuilder> _runs = [];
    private readonly Dictionary<MessageId, int> _messages = []; // where in the entries
    private readonly Dictionary<MessageId, List<MessageId>> _versions = []; // of the message, and of those whose place it took
    private readonly Dictionary<MessageId, RunBuilder> _answers = [];
    private readonly HashSet<MessageId> _waiting = [];
    private ActivePath _path = new();

    public string? Title { get; private set; }

    public IReadOnlyList<TranscriptEntry> ToEntries() =>
        [.. _entries.Select(entry => entry is RunBuilder run ? (TranscriptEntry)run.ToEntry(IsReplaced) : Marked((UserEntry)entry))];

    public RunEntry? Run(RunId run) => _runs.GetValueOrDefault(run)?.ToEntry(IsReplaced);

    public IReadOnlyList<MessageId> VersionsOf(MessageId message) => _messages.ContainsKey(message) ? [.. _versions[message]] : [];

    public void Clear()
    {
        _entries.Clear();
        _runs.Clear();
        _messages.Clear();
        _versions.Clear();
        _answers.Clear();
        _waiting.Clear();
        _path = new ActivePath();
        Title = null;
    }

    public void Apply(ServerFrame fresh)
    {
        switch (fresh)
        {
            case UserMessage message:
                _messages[message.MessageId] = _entries.Count;
                _waiting.Add(message.MessageId);
                AddVersion(message);
                _entries.Add(new UserEntry(message.MessageId, message.Content, message.ClientId, message.Seq, message.At)
                {
                    Agent = message.Agent, WhenRunning = message.WhenRunning, Replaces = message.Replaces,
                });
                break;
            case MessageRemoved removed:
                Change(removed.MessageId, message => message with { State = MessageState.Removed });
                break;
            case ThreadRewound or BranchSelected:
                _path.Apply((ThreadEvent)fresh);
                Drop();
                break;
            case FeedbackGiven feedback:
                _answers.GetValueOrDefault(feedback.MessageId)?.Rate(feedback); // else the transcript begins after it
                break;
            case ThreadRenamed renamed:
                Title = renamed.Title;
                break;
            case AgentStarted { ParentRunId: null } started:
                Change(started.MessageId, message => message with { State = MessageState.Answered, RunId = started.RunId });
                RunOf(started.RunId).Apply(started);
                break;
            case MessageSteered steered:
                Change(steered.MessageId, message => message with { State = MessageState.Steered, RunId = steered.RunId });
                RunOf(steered.RunId).Apply(steered);
                break;
            case RunEvent threadEvent:
                RunOf(threadEvent.RunId).Apply(threadEvent);
                if (threadEvent is AgentCompleted { MessageId: var answer })
                {
                    _answers[answer] = RunOf(threadEvent.RunId);
                }
                else if (threadEvent is AgentStopped { MessageId: var stopped })
                {
                    _answers[stopped] = RunOf(threadEvent.RunId);
                }

                break;
            case PartDelta delta:
                RunOf(delta.RunId).Apply(delta);
                break;
            case ToolProgress progress:
                RunOf(progress.RunId).Apply(progress);
                break;
        }
    }

    private void Change(MessageId id, Func<UserEntry, UserEntry> change)
    {
        if (_messages.TryGetValue(id, out var place)) // else the transcript begins after it
        {
            _entries[place] = change((UserEntry)_entries[place]);
            _waiting.Remove(id);
        }
    }

    /// <summary>What waited and is not on the path any more is answered by nothing.</summary>
    private void Drop()
    {
        foreach (var message in _waiting.Where(IsReplaced).ToList())
        {
            Change(message, waiting => waiting with { State = MessageState.Dropped });
        }
    }

    private bool IsReplaced(MessageId message) => _messages.TryGetValue(message, out var place) && !_path.Contains(((UserEntry)_entries[place]).Seq);

    private UserEntry Marked(UserEntry message) => _path.Contains(message.Seq) ? message : message with { IsReplaced = true };

    private void AddVersion(UserMessage message)
    {
        var versions = message.Replaces is { } replaced && _versions.TryGetValue(replaced, out var known) ? known : [];
        versions.Add(message.MessageId);
        _versions[message.MessageId] = versions;
        if (message.Replaces is { } first)
        {
            _versions[first] = versions; // also where that one lies before what is here
        }
    }

    private RunBuilder RunOf(RunId id)
    {
        if (!_runs.TryGetValue(id, out var run))
        {
            _runs[id] = run = new RunBuilder(id);
            _entries.Add(run);
        }

        return run;
    }
}
