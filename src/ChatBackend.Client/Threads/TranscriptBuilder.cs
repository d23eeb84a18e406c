using ChatBackend.Protocol;

namespace ChatBackend.Client.Threads;

/// <summary>A thread that frames are still added to, each once and in order. Not thread-safe.</summary>
internal sealed class TranscriptBuilder
{
    private readonly List<object> _entries = []; // UserEntry or RunBuilder
    private readonly Dictionary<RunId, RunBuilder> _runs = [];
    private readonly Dictionary<MessageId, int> _messages = []; // where in the entries

    public string? Title { get; private set; }

    public IReadOnlyList<TranscriptEntry> ToEntries() =>
        [.. _entries.Select(entry => entry is RunBuilder run ? run.ToEntry() : (TranscriptEntry)entry)];

    public RunEntry? Run(RunId run) => _runs.GetValueOrDefault(run)?.ToEntry();

    public void Clear()
    {
        _entries.Clear();
        _runs.Clear();
        _messages.Clear();
        Title = null;
    }

    public void Apply(ServerFrame fresh)
    {
        switch (fresh)
        {
            case UserMessage message:
                _messages[message.MessageId] = _entries.Count;
                _entries.Add(new UserEntry(message.MessageId, message.Content, message.ClientId, message.Seq, message.At)
                {
                    Agent = message.Agent, WhenRunning = message.WhenRunning, Replaces = message.Replaces,
                });
                break;
            case MessageRemoved removed:
                Change(removed.MessageId, message => message with { State = MessageState.Removed });
                break;
            case ThreadRewound rewound:
                Rewind(rewound.ToSeq);
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
        }
    }

    private void Rewind(long toSeq)
    {
        foreach (var place in _messages.Values)
        {
            var message = (UserEntry)_entries[place];
            if (message.Seq <= toSeq || message.IsReplaced)
            {
                continue;
            }

            _entries[place] = message with { IsReplaced = true };
            if (message.RunId is { } run)
            {
                RunOf(run).Replace(message.MessageId);
                foreach (var nested in _runs.Values.Where(nested => nested.Parent == run))
                {
                    nested.Replace(message.MessageId);
                }
            }
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
