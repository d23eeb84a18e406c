using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.Tests.Agents;

/// <summary>
/// A provider that refuses whatever the one it is named after refuses, and what no cache of a provider would find again. It does what the last line of the conversation
/// says: <c>turn 7 tools</c>.
/// </summary>
internal sealed partial class StrictModel(string manners)
{
    private static readonly string[] Known = ["role", "content", "tool_calls", "tool_call_id"];

    private readonly Dictionary<string, string> _signatures = []; // of the calls it made, by their ids
    private readonly List<string> _thoughts = [];
    private string _prefix = "[";
    private int _answers;

    /// <summary>What it refused, and why.</summary>
    public List<string> Refused { get; } = [];

    /// <summary>The messages of each request, as they came.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>What only it may be told.</summary>
    public IReadOnlyCollection<string> Private => [.. _signatures.Keys, .. _signatures.Values];

    /// <summary>Whether it also takes calls that it did not make, and a past that it did not see.</summary>
    public bool TakesForeign { get; init; }

    /// <summary>An answer that waits goes on.</summary>
    public SemaphoreSlim Go { get; } = new(0);

    /// <summary>What is left of a thread whose message was replaced.</summary>
    public void Rewind(string replaced) => _prefix = _prefix[.._prefix.LastIndexOf(replaced, StringComparison.Ordinal)];

    public async Task AnswerAsync(HttpContext context, JsonElement asked)
    {
        var messages = asked.GetProperty("messages");
        var raw = messages.GetRawText();
        Asked.Add(raw);
        if (ProblemOf(asked, [.. messages.EnumerateArray()]) is { } problem)
        {
            Refused.Add($"{problem}: {raw}");
            await RefuseAsync(context, problem);
            return;
        }

        if (!TakesForeign && !raw.StartsWith(_prefix, StringComparison.Ordinal))
        {
            Refused.Add($"other bytes of the same past. There was {_prefix}, and is {raw}");
        }

        _prefix = raw[..^"\"}]".Length];
        var last = messages.EnumerateArray().Last();
        var isAsked = last.GetProperty("role").GetString() == "user";
        await PlayAsync(context, isAsked ? last.GetProperty("content").GetString()!.Split(' ')[^1] : "plain");
    }

    private static Task RefuseAsync(HttpContext context, string why)
    {
        context.Response.StatusCode = 400;
        return context.Response.WriteAsync($$$"""{"error":{"message":"{{{why}}}"}}""", context.RequestAborted);
    }

    private async Task PlayAsync(HttpContext context, string what)
    {
        if (what == "refuse")
        {
            await RefuseAsync(context, "not today");
            return;
        }

        var answer = ++_answers;
        if (manners == "deepseek")
        {
            _thoughts.Add($"Hm, {answer}. Ü?");
            await SendAsync(context, Chunk($$"""{"reasoning_content":"Hm, {{answer}}."}"""), Chunk("""{"reasoning_content":" Ü?"}"""));
        }

        switch (what)
        {
            case "think":
                await Go.WaitAsync(context.RequestAborted);
                break;
            case "half":
                await SendAsync(context, Text($"Half {answer}"));
                await Go.WaitAsync(context.RequestAborted);
                break;
            case "break":
                await SendAsync(context, Text($"Half {answer}"));
                break;
            case "wait":
                await SendAsync(context, Text($"Half {answer}"));
                await Go.WaitAsync(context.RequestAborted);
                await SendAsync(context, Text(" and all."), Chunk("{}", "\"stop\""), "[DONE]");
                break;
            case "tools":
                await SendAsync(context, Text("Let me"), Text(" look. "), Call(0, "calculator", """{\"expression\":\"6 * 7\"}"""), Call(1, "clock", ""), Chunk("{}", "\"tool_calls\""), "[DONE]");
                break;
            case "tool":
                await SendAsync(context, Call(0, "calculator", """{\"expression\":\"1 /"""), Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":" 0\"}"}}]}"""), Chunk("{}", "\"tool_calls\""), "[DONE]");
                break;
            case "wrong":
                await SendAsync(context, Call(0, "calc<|x|>", "{}"), Call(1, "clock", """{\"cut"""), Chunk("{}", "\"tool_calls\""), "[DONE]");
                break;
            case "hang":
                await SendAsync(context, Call(0, "clock", "{}"), Call(1, "hang", "{}"), Call(2, "clock", "{}"), Chunk("{}", "\"tool_calls\""), "[DONE]");
                break;
            default:
                await SendAsync(context, Text($"Answer {answer}, \\\"ü\\\"."), Chunk("{}", "\"stop\""), "[DONE]");
                break;
        }
    }

    private string Call(int index, string tool, string arguments)
    {
        var count = _signatures.Count + 1;
        var id = manners switch { "mistral" => $"Ab{count:D7}", "anthropic" => $"toolu_01{count}", _ => $"call_{count}_{manners}" };
        _signatures[id] = $"signature+{count}/=";
        var extra = manners == "gemini" ? $$$""","extra_content":{"google":{"thought_signature":"{{{_signatures[id]}}}"}}""" : "";
        return Chunk($$$"""{"tool_calls":[{"index":{{{index}}},"id":"{{{id}}}","type":"function","function":{"name":"{{{tool}}}","arguments":"{{{arguments}}}"}{{{extra}}}}]}""");
    }

    private string? ProblemOf(JsonElement asked, List<JsonElement> messages)
    {
        var (before, open) = ("", new Queue<string>());
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            var role = message.GetProperty("role").GetString()!;
            var calls = message.TryGetProperty("tool_calls", out var made) ? made.EnumerateArray().ToList() : [];
            var content = message.GetProperty("content");
            var problem =
                open.Count > 0 && role != "tool" ? "a call without its result"
                : role == before && role != "tool" ? $"{role} after {before}"
                : role == "system" && i > 0 ? "a system message that is not the first"
                : role == "assistant" && before is "" or "system" ? "an answer to nothing"
                : calls.Count == 0 && string.IsNullOrWhiteSpace(content.GetString()) ? "a message without content"
                : role == "tool" && (!open.TryDequeue(out var next) || next != message.GetProperty("tool_call_id").GetString()) ? "a result of no call, or of another"
                : message.EnumerateObject().Select(member => member.Name).Except(Known).FirstOrDefault(name => name != "reasoning_content" || manners != "deepseek") is { } unknown ? $"unknown {unknown}"
                : role == "assistant" && manners == "deepseek" && !IsThought(message) ? "an answer without its reasoning_content"
                : calls.Select(ProblemOf).FirstOrDefault(wrong => wrong is not null);
            if (problem is not null)
            {
                return $"message {i}: {problem}";
            }

            calls.ForEach(call => open.Enqueue(call.GetProperty("id").GetString()!));
            before = role;
        }

        return before is not ("user" or "tool") || open.Count > 0 ? $"it ends with {before}"
            : manners == "gemini" && asked.GetProperty("tools").GetRawText().Contains("\"type\":[", StringComparison.Ordinal) ? "a list of types"
            : manners == "anthropic" && !asked.TryGetProperty("tools", out _) ? "no tools"
            : null;
    }

    private bool IsThought(JsonElement message) =>
        message.TryGetProperty("reasoning_content", out var thought) && thought.GetString() is { } said && (TakesForeign || _thoughts.Contains(said));

    private string? ProblemOf(JsonElement call)
    {
        var id = call.GetProperty("id").GetString()!;
        var function = call.GetProperty("function");
        return manners == "mistral" && !MistralId().IsMatch(id) ? $"the id {id}"
            : !TakesForeign && !_signatures.ContainsKey(id) ? $"the foreign id {id}"
            : !LegalName().IsMatch(function.GetProperty("name").GetString()!) ? "an illegal name"
            : JsonElement.Parse(function.GetProperty("arguments").GetString()!).ValueKind != JsonValueKind.Object ? "arguments that are no object"
            : manners == "gemini" ? (call.TryGetProperty("extra_content", out var extra) && extra.GetProperty("google").GetProperty("thought_signature").GetString() == _signatures[id] ? null : "no signature")
            : call.TryGetProperty("extra_content", out _) ? "unknown extra_content"
            : null;
    }

    [GeneratedRegex("^[a-zA-Z0-9]{9}$")]
    private static partial Regex MistralId();

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex LegalName();
}
