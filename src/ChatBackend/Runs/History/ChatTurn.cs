using System.Runtime.InteropServices;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>A message and what its run said and did.</summary>
internal sealed class ChatTurn(UserMessage question)
{
    private const int Overhead = 300; // of a message and its content, beside the text

    private readonly List<ChatMessage> _messages = [new(ChatRole.User, question.Content)];
    private readonly HashSet<CallId> _calls = [];
    private readonly List<(long Seq, int At)> _taken = [];
    private bool _isCut;

    public MessageId Id => question.MessageId;

    public long Seq => question.Seq;

    public long Bytes { get; private set; } = BytesOf(question);

    /// <summary>The message and what followed. Runs share them: they are never changed.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>What a message holds in memory, roughly.</summary>
    public static long BytesOf(UserMessage message) => Overhead + BytesOf(message.Content);

    /// <summary>Another message that entered the run.</summary>
    public void Take(UserMessage message)
    {
        if (!_isCut)
        {
            _taken.Add((message.Seq, _messages.Count));
            Add(Turn.MessageEntering(message.Content), BytesOf(message.Content));
        }
    }

    /// <summary>Cuts off a message that entered the run and was replaced, and what came after it.</summary>
    public void Rewind(long toSeq)
    {
        var first = _taken.FindIndex(taken => taken.Seq > toSeq);
        if (first >= 0)
        {
            _messages.RemoveRange(_taken[first].At, _messages.Count - _taken[first].At);
            _taken.RemoveRange(first, _taken.Count - first);
            _isCut = true;
        }
    }

    public void Add(RunEvent threadEvent)
    {
        if (_isCut)
        {
            return;
        }

        switch (threadEvent)
        {
            case AgentPart { Kind: PartKind.Text } part:
                Say(part.Text);
                break;
            case ApprovalRequired asked:
                Call(asked.CallId, asked.Tool, asked.Arguments);
                break;
            case ToolExecuting tool:
                Call(tool.CallId, tool.Tool, tool.Arguments);
                break;
            case ToolCompleted { Result: { } result } tool:
                Returned(tool.CallId, result, JsonMarshal.GetRawUtf8Value(result).Length);
                break;
            case ToolCompleted tool:
                var error = tool.Error ?? "The call was abandoned.";
                Returned(tool.CallId, error, BytesOf(error));
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
        }
    }

    /// <summary>Once, although a call that was approved is recorded twice. Calls that were asked for or made at the same time are of one message, as the model made them.</summary>
    private void Call(CallId id, string tool, JsonElement arguments)
    {
        if (!_calls.Add(id))
        {
            return;
        }

        var call = new FunctionCallContent(id.Value, tool, arguments.Deserialize<Dictionary<string, object?>>());
        List<AIContent> contents = [call];
        if (_messages[^1] is { Contents: [.., FunctionCallContent] } together)
        {
            contents = [.. together.Contents, call];
            _messages.RemoveAt(_messages.Count - 1); // runs share it: another takes its place
        }

        Add(new ChatMessage(ChatRole.Assistant, contents), JsonMarshal.GetRawUtf8Value(arguments).Length);
    }

    private void Returned(CallId id, object result, long bytes) =>
        Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(id.Value, result)]), bytes);

    private void Say(string text)
    {
        if (text.Length > 0)
        {
            Add(new ChatMessage(ChatRole.Assistant, text), BytesOf(text));
        }
    }

    private void Add(ChatMessage message, long bytes)
    {
        _messages.Add(message);
        Bytes += bytes + Overhead;
    }

    private static long BytesOf(string text) => sizeof(char) * (long)text.Length;
}
