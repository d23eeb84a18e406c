using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>What the model is shown: the thread's last exchanges, each message directly before its answer, and the message to answer.</summary>
internal sealed class Conversation(IEventLog log, Microsoft.Extensions.Options.IOptions<RunOptions> options)
{
    private const int PageEvents = 512;

    public async Task<List<ChatMessage>> BeforeAsync(RunStart start, Agent agent, CancellationToken cancellationToken)
    {
        var messages = new List<ChatMessage>();
        if (agent.Instructions is { Length: > 0 } instructions)
        {
            messages.Add(new ChatMessage(ChatRole.System, instructions));
        }

        var exchanges = new Dictionary<MessageId, Exchange>();
        var order = new List<Exchange>();
        Exchange? running = null;
        foreach (var happened in await EventsBeforeAsync(start, cancellationToken))
        {
            switch (happened)
            {
                case UserMessage message:
                    exchanges[message.MessageId] = new Exchange(message.Content);
                    break;
                case AgentStarted started:
                    running = exchanges.GetValueOrDefault(started.MessageId); // null: its message lies before the window
                    if (running is not null)
                    {
                        order.Add(running);
                    }

                    break;
                default:
                    running?.Add(happened);
                    break;
            }
        }

        foreach (var exchange in order)
        {
            messages.AddRange(exchange.Messages());
        }

        messages.Add(new ChatMessage(ChatRole.User, exchanges[start.Answers].Question));
        return messages;
    }

    private async Task<List<ThreadEvent>> EventsBeforeAsync(RunStart start, CancellationToken cancellationToken)
    {
        var window = options.Value.HistoryEvents;
        var events = new List<ThreadEvent>();
        var before = start.StartSeq;
        do
        {
            // The message itself may lie further back than the window when many waited with it.
            var page = await log.ReadBackAsync(start.Thread, before, Math.Clamp(window, 1, PageEvents), cancellationToken);
            if (page.Count == 0)
            {
                break;
            }

            events.InsertRange(0, page.Select(stored => (ThreadEvent)WireJson.DecodeServerFrame(stored.Json.Span)));
            before = page[0].Seq;
        }
        while (events.Count < window || !events.Any(happened => happened is UserMessage message && message.MessageId == start.Answers));

        return events;
    }

    private sealed class Exchange(string question)
    {
        private readonly List<ChatMessage> _answer = [];

        public string Question => question;

        public void Add(ThreadEvent happened)
        {
            switch (happened)
            {
                case AgentPart { Kind: PartKind.Text } part:
                    Say(part.Text);
                    break;
                case ToolExecuting tool:
                    var arguments = tool.Arguments.Deserialize<Dictionary<string, object?>>();
                    _answer.Add(new ChatMessage(ChatRole.Assistant, [new FunctionCallContent(tool.CallId.Value, tool.Tool, arguments)]));
                    break;
                case ToolCompleted tool:
                    object? result = tool.Result is { } value ? value : tool.Error ?? "The call was abandoned.";
                    _answer.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(tool.CallId.Value, result)]));
                    break;
                case AgentCompleted completed:
                    Say(completed.Content);
                    break;
                case AgentStopped stopped:
                    Say(stopped.Content);
                    break;
                case AgentFailed { Content: { } content }:
                    Say(content);
                    break;
                default:
                    break;
            }
        }

        public IEnumerable<ChatMessage> Messages() => [new ChatMessage(ChatRole.User, question), .. _answer];

        private void Say(string text)
        {
            if (text.Length > 0)
            {
                _answer.Add(new ChatMessage(ChatRole.Assistant, text));
            }
        }
    }
}
