using System.Globalization;
using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;

namespace ChatBackend.Rest;

/// <summary>A thread as a document for people: messages, answers and which tools were used. What is not on the active path or was taken back is left out, and so are thinking and feedback.</summary>
internal sealed class MarkdownThread(StringBuilder text, ReplacedMessages replaced)
{
    private readonly HashSet<MessageId> _left = [];
    private readonly Dictionary<RunId, string> _agents = [];
    private RunId? _activeRun;

    public void Begin(ThreadRecord thread, DateTimeOffset now)
    {
        text.Append("# ").Append(MarkdownText.Line(thread.Title ?? "Untitled thread")).Append("\n\n");
        text.Append("Thread ").Append(MarkdownText.Line(thread.Thread.Value)).Append(", exported ").Append(Time(now)).Append(".\n\n");
        if (thread.HistoryBegins > 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"Events before {thread.HistoryBegins} are no longer retained.\n\n");
        }
    }

    public void Add(ThreadEvent threadEvent)
    {
        switch (threadEvent)
        {
            case UserMessage message when replaced.Holds(message):
                _left.Add(message.MessageId);
                break;
            case UserMessage message:
                _activeRun = null;
                Heading("User", message.At);
                Say(message.Content);
                break;
            case AgentStarted { ParentRunId: null } started when !_left.Contains(started.MessageId):
                _agents[started.RunId] = started.Agent;
                break;
            case MessageSteered steered when _left.Contains(steered.MessageId):
                _agents.Remove(steered.RunId); // what comes after was said to a message that is replaced
                break;
            case RunEvent ofRun when _agents.TryGetValue(ofRun.RunId, out var agent):
                Add(ofRun, agent);
                break;
        }
    }

    private void Add(RunEvent threadEvent, string agent)
    {
        switch (threadEvent)
        {
            case AgentPart { Kind: PartKind.Text } part:
                Say(part, agent, part.Text);
                break;
            case ToolCompleted tool:
                Note(tool, agent, $"Tool {tool.Tool}: {tool.Outcome}");
                break;
            case AgentCompleted completed:
                Say(completed, agent, completed.Content);
                if (Cut(completed.Finish) is { } how)
                {
                    Note(completed, agent, how);
                }

                break;
            case AgentStopped stopped:
                Say(stopped, agent, stopped.Content);
                Note(stopped, agent, "Stopped");
                break;
            case AgentFailed failed:
                Say(failed, agent, failed.Content ?? "");
                Note(failed, agent, $"Failed: {failed.Message}");
                break;
        }
    }

    private static string? Cut(AnswerFinish? finish) => finish switch
    {
        AnswerFinish.Length => "Cut off at the model's limit",
        AnswerFinish.ContentFilter => "Cut off by the filter of the model's provider",
        AnswerFinish.Refusal => "The model refused",
        AnswerFinish.Empty => "The model said nothing",
        _ => null,
    };

    private void Say(RunEvent threadEvent, string agent, string content)
    {
        if (content.Length > 0)
        {
            Speaks(threadEvent, agent);
            Say(content);
        }
    }

    private void Note(RunEvent threadEvent, string agent, string note)
    {
        Speaks(threadEvent, agent);
        text.Append("> ").Append(MarkdownText.Line(note)).Append("\n\n");
    }

    /// <summary>A message that waited may stand between two parts of an answer.</summary>
    private void Speaks(RunEvent threadEvent, string agent)
    {
        if (_activeRun != threadEvent.RunId)
        {
            _activeRun = threadEvent.RunId;
            Heading($"Agent {agent}", threadEvent.At);
        }
    }

    private void Heading(string who, DateTimeOffset at) => text.Append("## ").Append(MarkdownText.Line(who)).Append(", ").Append(Time(at)).Append("\n\n");

    private void Say(string content)
    {
        MarkdownText.Append(text, content);
        text.Append('\n');
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
