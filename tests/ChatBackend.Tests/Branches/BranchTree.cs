using ChatBackend.Protocol;

namespace ChatBackend.Tests.Branches;

/// <summary>
/// The versions of a thread as a tree, kept as simply as can be: where a message stands says what it replaces, and of a branch that is chosen only the message counts. The members
/// by which <c>thread_rewound</c> and <c>branch_selected</c> say what they change are not looked at.
/// </summary>
internal sealed class BranchTree
{
    private readonly Node _root = new(null, null);
    private readonly Dictionary<MessageId, Node> _nodes = [];
    private readonly HashSet<MessageId> _removed = [];
    private Node _tip;

    public BranchTree() => _tip = _root;

    public IEnumerable<UserMessage> Messages => _nodes.Values.Select(node => node.Message!);

    public HashSet<MessageId> Path
    {
        get
        {
            var path = new HashSet<MessageId>();
            for (var node = _tip; node.Parent is not null; node = node.Parent)
            {
                path.Add(node.Message!.MessageId);
            }

            return path;
        }
    }

    public static BranchTree Of(IEnumerable<ThreadEvent> events)
    {
        var tree = new BranchTree();
        foreach (var threadEvent in events)
        {
            tree.Add(threadEvent);
        }

        return tree;
    }

    public void Add(ThreadEvent threadEvent)
    {
        switch (threadEvent)
        {
            case UserMessage message:
                var parent = message.Replaces is { } replaced ? _nodes[replaced].Parent! : _tip;
                _tip = _nodes[message.MessageId] = parent.Last = new Node(message, parent);
                break;
            case MessageRemoved removed:
                _removed.Add(removed.MessageId);
                break;
            case BranchSelected chosen:
                for (var node = _nodes[chosen.MessageId]; node.Parent is { } above; node = above)
                {
                    above.Last = node;
                }

                for (_tip = _root; _tip.Last is { } below; _tip = below)
                {
                }

                break;
        }
    }

    public bool IsRemoved(MessageId message) => _removed.Contains(message);

    public List<MessageId> Versions(MessageId message) =>
        [.. _nodes.Values.Where(node => First(node) == First(_nodes[message])).OrderBy(node => node.Message!.Seq).Select(node => node.Message!.MessageId)];

    /// <summary>What was said on the path, of runs the parts to which no message that is not on it had been said yet: in the order of the log.</summary>
    public IEnumerable<(ThreadEvent Event, MessageId Question, string Text)> Said(IEnumerable<ThreadEvent> events)
    {
        var path = Path;
        var runs = new Dictionary<RunId, MessageId>();
        foreach (var threadEvent in events)
        {
            switch (threadEvent)
            {
                case UserMessage message when path.Contains(message.MessageId) && !IsRemoved(message.MessageId):
                    yield return (message, message.MessageId, message.Content);
                    break;
                case AgentStarted started when path.Contains(started.MessageId):
                    runs[started.RunId] = started.MessageId;
                    break;
                case MessageSteered steered when !path.Contains(steered.MessageId):
                    runs.Remove(steered.RunId);
                    break;
                case RunEvent ofRun when runs.TryGetValue(ofRun.RunId, out var question) && TextOf(ofRun) is { Length: > 0 } text:
                    yield return (ofRun, question, text);
                    break;
            }
        }
    }

    /// <summary>The texts that the model is shown for a run: each message that was answered with its answer, in the order of the answers, and the message to answer.</summary>
    public IEnumerable<string> Conversation(IReadOnlyCollection<ThreadEvent> before, AgentStarted run)
    {
        var said = Said(before).ToList();
        var path = Path;
        foreach (var started in before.OfType<AgentStarted>().Where(started => path.Contains(started.MessageId)))
        {
            var cut = before.OfType<MessageSteered>().FirstOrDefault(steered => steered.RunId == started.RunId && !path.Contains(steered.MessageId))?.Seq ?? long.MaxValue;
            var taken = before.OfType<MessageSteered>().Where(steered => steered.RunId == started.RunId && steered.Seq < cut)
                .Select(steered => (steered.Seq, _nodes[steered.MessageId].Message!.Content));
            yield return _nodes[started.MessageId].Message!.Content;
            foreach (var (_, text) in said.Where(one => one.Event is RunEvent ofRun && ofRun.RunId == started.RunId).Select(one => (one.Event.Seq, one.Text)).Concat(taken).OrderBy(one => one.Seq))
            {
                yield return text;
            }
        }

        yield return _nodes[run.MessageId].Message!.Content;
    }

    private static MessageId First(Node node) => node.Message!.Replaces is { } replaced && node.Parent!.Children.Find(child => child.Message!.MessageId == replaced) is { } earlier
        ? First(earlier)
        : node.Message.MessageId;

    private static string? TextOf(RunEvent ofRun) => ofRun switch
    {
        AgentPart { Kind: PartKind.Text } part => part.Text,
        AgentCompleted completed => completed.Content,
        AgentStopped stopped => stopped.Content,
        AgentFailed failed => failed.Content,
        _ => null,
    };

    private sealed class Node
    {
        public Node(UserMessage? message, Node? parent)
        {
            (Message, Parent) = (message, parent);
            parent?.Children.Add(this);
        }

        public UserMessage? Message { get; }

        public Node? Parent { get; }

        public List<Node> Children { get; } = [];

        /// <summary>The child that was on the path last.</summary>
        public Node? Last { get; set; }
    }
}
