using System.Text.Json;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Responses;

/// <summary>One answer of the Responses API, from its events, or from the whole response where it was not streamed.</summary>
internal sealed class ResponsesReader : StreamedAnswer
{
    private readonly TextJoiner _text = new();
    private readonly TextJoiner _thinking = new();
    private readonly HashSet<string> _streamed = []; // items whose text came in pieces
    private readonly HashSet<string> _calls = [];
    private int _bytes; // of all calls
    private bool _isRefused;

    public override bool IsOver => Finish is not null;

    public override IEnumerable<AIContent> Add(JsonElement chunk)
    {
        switch (chunk.FindText("type"))
        {
            case "response.output_text.delta":
                _streamed.Add(ItemOf(chunk));
                return Text(chunk.FindText("delta"));
            case "response.refusal.delta":
                _streamed.Add(ItemOf(chunk));
                return Refusal(chunk.FindText("delta"));
            case "response.reasoning_summary_text.delta" or "response.reasoning_text.delta":
                _streamed.Add(ItemOf(chunk));
                return Thought(chunk.FindText("delta"));
            case "response.reasoning_summary_part.added" when _streamed.Contains(ItemOf(chunk)):
                return Thought("\n\n");
            case "response.output_item.done" when chunk.Find("item") is { } item:
                return OfItem(item, ItemOf(chunk));
            case "response.completed" or "response.incomplete" or "response.failed" when chunk.Find("response") is { } whole:
                return OfResponse(whole);
            case "error":
                throw ModelErrors.InAnswer(chunk.Find("error") ?? chunk);
            case null when chunk.FindText("object") is "response" || chunk.Find("output") is not null:
                return OfResponse(chunk);
            case null when chunk.Find("error") is { } error:
                throw ModelErrors.InAnswer(error);
            default:
                return []; // what the API has beside, and what it will have
        }
    }

    public override IEnumerable<AIContent> End(bool isDone)
    {
        if (_thinking.End() is { Length: > 0 } thought)
        {
            yield return new TextReasoningContent(thought);
        }

        if (_text.End() is { Length: > 0 } text)
        {
            yield return new TextContent(text);
        }

        if (_calls.Count > 0 && Finish == ChatFinishReason.Stop)
        {
            Finish = ChatFinishReason.ToolCalls;
        }
    }

    private static string ItemOf(JsonElement chunk) => chunk.FindText("output_index") ?? chunk.FindText("item_id") ?? "";

    private IEnumerable<AIContent> OfResponse(JsonElement response)
    {
        if (response.Find("error") is { } error)
        {
            throw ModelErrors.InAnswer(error);
        }

        var index = 0;
        foreach (var content in response.Find("output").Items().SelectMany(item => OfItem(item, $"{index++}")))
        {
            yield return content;
        }

        if (response.Find("usage") is { } counted)
        {
            yield return new UsageContent(new UsageDetails
            {
                InputTokenCount = counted.FindCount("input_tokens"),
                OutputTokenCount = counted.FindCount("output_tokens"),
                CachedInputTokenCount = counted.Find("input_tokens_details")?.FindCount("cached_tokens"),
                ReasoningTokenCount = counted.Find("output_tokens_details")?.FindCount("reasoning_tokens"),
            });
        }

        Finish = (response.FindText("status"), response.Find("incomplete_details")?.FindText("reason")) switch
        {
            ("failed" or "cancelled", _) => throw new ModelException(ModelErrorKind.Unavailable, $"The endpoint ended its answer as {response.FindText("status")}."),
            (_, "content_filter") => ChatFinishReason.ContentFilter,
            ("incomplete", _) => ChatFinishReason.Length,
            _ when _isRefused => new ChatFinishReason("refusal"),
            _ => ChatFinishReason.Stop,
        };
    }

    private IEnumerable<AIContent> OfItem(JsonElement item, string place) => item.FindText("type") switch
    {
        "function_call" => Call(item),
        "message" when _streamed.Add(place) => [.. item.Find("content").Items().SelectMany(part => part.FindText("refusal") is { } refusal ? Refusal(refusal) : Text(part.FindText("text")))],
        "reasoning" => [.. (_streamed.Add(place) ? Thought(string.Join("\n\n", item.Find("summary").Items().Select(part => part.FindText("text")))) : []), .. Signed(item, place)],
        _ => [],
    };

    private IEnumerable<AIContent> Call(JsonElement item)
    {
        var (id, name) = (item.FindText("call_id") ?? item.FindText("id") ?? $"call_{Guid.NewGuid():n}", item.FindText("name") ?? "");
        if (!_calls.Add(id))
        {
            yield break; // said with the item, and again with the whole response
        }

        IsAny = true;
        var arguments = item.Find("arguments") is { ValueKind: JsonValueKind.Object } given ? given.GetRawText() : item.FindText("arguments") ?? "";
        _bytes = ToolCallText.Bounded(_bytes, name, arguments);
        yield return ToolCallText.Call(id, name, arguments);
    }

    // The whole item goes back as it came: it is encrypted, and only its provider knows what is in it.
    private IEnumerable<AIContent> Signed(JsonElement item, string place) => item.Find("encrypted_content") is not null && _streamed.Add($"{place} signed")
        ? [new TextReasoningContent("") { ProtectedData = item.GetRawText() }]
        : [];

    private IEnumerable<AIContent> Text(string? piece)
    {
        var text = Joined(_text, piece);
        return text.Length > 0 ? [new TextContent(text)] : [];
    }

    private IEnumerable<AIContent> Refusal(string? piece)
    {
        _isRefused = true;
        var text = Joined(_text, piece);
        return text.Length > 0 ? [Refused(text)] : [];
    }

    private IEnumerable<AIContent> Thought(string? piece)
    {
        var text = Joined(_thinking, piece);
        return text.Length > 0 ? [new TextReasoningContent(text)] : [];
    }
}
