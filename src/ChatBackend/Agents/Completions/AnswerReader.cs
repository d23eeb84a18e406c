using System.Runtime.InteropServices;
using System.Text.Json;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>One answer, from its chunks to contents. Takes the forms that servers use for text, thinking, calls, refusals, counts and ends.</summary>
internal sealed class AnswerReader : StreamedAnswer
{
    private readonly TextJoiner _text = new();
    private readonly TextJoiner _thinking = new();
    private readonly TextJoiner _refusal = new();
    private readonly ThinkTags _tags = new();
    private readonly ToolCallPieces _calls = new();
    private UsageDetails _counted = new();
    private string? _thinkingMember;
    private readonly Dictionary<string, ProviderItems> _lists = [];
    private JsonElement? _extra;

    public override IEnumerable<AIContent> Add(JsonElement chunk)
    {
        if (chunk.ValueKind == JsonValueKind.Array)
        {
            return chunk.EnumerateArray().SelectMany(Add);
        }

        ThrowIfError(chunk);
        Model ??= chunk.FindText("model");
        var contents = chunk.Find("choices").Items().Take(1).SelectMany(OfChoice);
        return (chunk.Find("usage") ?? chunk.Find("x_groq")?.Find("usage")) is { } counted ? contents.Append(Since(counted)) : contents;
    }

    public override IEnumerable<AIContent> End(bool isDone)
    {
        foreach (var content in Thinking(_thinking.End()).Concat(Text(_text.End())).Concat(_tags.End()).Concat(Refusal(_refusal.End())))
        {
            yield return content;
        }

        Dictionary<string, JsonElement> back = _lists.ToDictionary(list => list.Key, list => list.Value.End());
        if (_extra is { } extra)
        {
            back[ProviderData.Extra] = extra;
        }

        if (back.Count > 0)
        {
            yield return ProviderData.OfAnswer(back);
        }

        foreach (var call in _calls.End())
        {
            yield return call;
        }

        Finish ??= isDone && IsAny ? ChatFinishReason.Stop : null;
        if (!_calls.IsEmpty && Finish == ChatFinishReason.Stop)
        {
            Finish = ChatFinishReason.ToolCalls;
        }
    }

    private static void ThrowIfError(JsonElement chunk)
    {
        switch (chunk.Find("error"))
        {
            case { ValueKind: JsonValueKind.False } or { ValueKind: JsonValueKind.String } when chunk.FindText("error") is null or "":
                return;
            case { ValueKind: JsonValueKind.True or JsonValueKind.Number }:
                throw ModelErrors.InAnswer(chunk);
            case { } error:
                throw ModelErrors.InAnswer(error);
        }

        // An error of another shape: it says something, and it is no part of an answer.
        if (chunk.FindText("object") is "error"
            || (chunk.Find("choices") is null && (chunk.FindText("message") ?? chunk.FindText("title")) is not null)
            || (chunk.Find("choices") is null && (chunk.Find("errors") ?? chunk.Find("detail")) is not null))
        {
            throw ModelErrors.InAnswer(chunk);
        }
    }

    private IEnumerable<AIContent> OfChoice(JsonElement choice)
    {
        ThrowIfError(choice);
        foreach (var content in (choice.Find("delta") ?? choice.Find("message")) is { } delta ? OfDelta(delta) : Text(choice.FindText("text")))
        {
            yield return content;
        }

        if (choice.FindText("finish_reason") is { Length: > 0 } finish)
        {
            Finish = FinishOf(finish);
        }
    }

    private IEnumerable<AIContent> OfDelta(JsonElement delta)
    {
        foreach (var name in ProviderData.ThinkingMembers)
        {
            if (delta.FindText(name) is { Length: > 0 } thought)
            {
                _thinkingMember = name;
                foreach (var content in Thinking(thought))
                {
                    yield return content;
                }

                break;
            }
        }

        _extra = delta.Find(ProviderData.Extra)?.Clone() ?? _extra;
        foreach (var name in ProviderData.Lists)
        {
            foreach (var item in delta.Find(name).Items())
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(_lists, name, out _) ??= new ProviderItems()).Add(item);
            }
        }

        foreach (var content in delta.Find("content") is { ValueKind: JsonValueKind.Array or JsonValueKind.Object } parts ? ((JsonElement?)parts).Items().SelectMany(OfPart) : Text(delta.FindText("content")))
        {
            yield return content;
        }

        foreach (var content in Refusal(delta.FindText("refusal")))
        {
            yield return content;
        }

        foreach (var call in delta.Find("tool_calls").Items())
        {
            _calls.Add(call);
        }

        if (delta.Find("function_call") is { } legacy)
        {
            _calls.AddLegacy(legacy);
        }

        IsAny |= !_calls.IsEmpty;
    }

    // {type: text, text}, {type: thinking, thinking: text or parts}
    private IEnumerable<AIContent> OfPart(JsonElement part)
    {
        if (part.ValueKind == JsonValueKind.String)
        {
            return Text(LooseJson.Text(part));
        }

        if (part.Find("thinking") is not { } thinking)
        {
            return Text(part.FindText("text"));
        }

        _thinkingMember = ProviderData.Content;
        return Thinking(string.Concat(thinking.ValueKind == JsonValueKind.Array ? thinking.EnumerateArray().Select(inner => inner.FindText("text")) : [part.FindText("thinking")]));
    }

    private IEnumerable<AIContent> Text(string? piece)
    {
        var text = Joined(_text, piece);
        return text.Length > 0 ? _tags.Add(text) : [];
    }

    private IEnumerable<AIContent> Thinking(string? piece)
    {
        var text = Joined(_thinking, piece);
        return text.Length > 0 ? [ProviderData.Thought(text, _thinkingMember)] : [];
    }

    private IEnumerable<AIContent> Refusal(string? piece)
    {
        var text = Joined(_refusal, piece);
        return text.Length > 0 ? [Refused(text)] : [];
    }

    private static ChatFinishReason? FinishOf(string word) => word.ToUpperInvariant() switch
    {
        "LENGTH" or "MAX_TOKENS" or "MODEL_LENGTH" or "MAX_OUTPUT_TOKENS" => ChatFinishReason.Length,
        "CONTENT_FILTER" or "SAFETY" or "RECITATION" or "PROHIBITED_CONTENT" or "BLOCKLIST" or "SENSITIVE" => ChatFinishReason.ContentFilter,
        "TOOL_CALLS" or "FUNCTION_CALL" or "TOOL_USE" or "TOOL_CALL" => ChatFinishReason.ToolCalls,
        "REFUSAL" => new ChatFinishReason(word),
        "ERROR" => throw new ModelException(ModelErrorKind.Unavailable, "The endpoint ended its answer with an error."),
        _ => ChatFinishReason.Stop, // stop, eos, end_turn and whatever a server calls it
    };

    // Servers send it once, or with each chunk as a running total: what came since the last one is told, so that the sum is right wherever the answer ends.
    private UsageContent Since(JsonElement counted)
    {
        var (before, total) = (_counted, Usage(counted));
        _counted = new UsageDetails
        {
            InputTokenCount = total.InputTokenCount ?? before.InputTokenCount,
            OutputTokenCount = total.OutputTokenCount ?? before.OutputTokenCount,
            CachedInputTokenCount = total.CachedInputTokenCount ?? before.CachedInputTokenCount,
            ReasoningTokenCount = total.ReasoningTokenCount ?? before.ReasoningTokenCount,
        };
        return new UsageContent(new UsageDetails
        {
            InputTokenCount = _counted.InputTokenCount - (before.InputTokenCount ?? 0),
            OutputTokenCount = _counted.OutputTokenCount - (before.OutputTokenCount ?? 0),
            CachedInputTokenCount = _counted.CachedInputTokenCount - (before.CachedInputTokenCount ?? 0),
            ReasoningTokenCount = _counted.ReasoningTokenCount - (before.ReasoningTokenCount ?? 0),
        });
    }

    private static UsageDetails Usage(JsonElement counted) => new()
    {
        InputTokenCount = counted.FindCount("prompt_tokens") ?? counted.FindCount("input_tokens"),
        OutputTokenCount = counted.FindCount("completion_tokens") ?? counted.FindCount("output_tokens"),
        CachedInputTokenCount = (counted.Find("prompt_tokens_details") ?? counted.Find("input_tokens_details"))?.FindCount("cached_tokens") ?? counted.FindCount("prompt_cache_hit_tokens"),
        ReasoningTokenCount = (counted.Find("completion_tokens_details") ?? counted.Find("output_tokens_details"))?.FindCount("reasoning_tokens"),
    };
}
