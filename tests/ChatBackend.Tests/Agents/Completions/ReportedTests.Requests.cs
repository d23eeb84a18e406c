using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>Calls that servers write in their own ways, and what they refuse to be sent.</summary>
public sealed partial class ReportedTests
{
    private const string Clock = "clock {}";

    public static TheoryData<string, string, string, string[]> Calls => new()
    {
        { "M3", "hermes-agent#62937, omnigent#28, gcli2api#406 (Gemini): two calls in two chunks, both numbered 0", Data(Calling(Sum("a")), Calling(Call("b", "{}"))), ["calculator {\"expression\":\"1+1\"}", Clock] },
        { "M3", "omnigent#28 (Gemini): two calls in one chunk, both numbered 0", Data(Calling(Sum("a"), Call("b", "{}"))), ["calculator {\"expression\":\"1+1\"}", Clock] },
        { "M6", "ggml-org/llama.cpp#20198, litellm#24095: arguments as an object", Data(Calling("""{"index":0,"id":"a","function":{"name":"clock","arguments":{}}}""")), [Clock] },
        { "M6", "tghamm/Anthropic.SDK#115, openai-dotnet#434: no arguments", Data(Calling(Call("a", ""))), [Clock] },
        { "M6", "litellm#24095 (Ollama, Gemini): no id", Data(Calling("""{"index":0,"function":{"name":"clock","arguments":"{}"}}""")), [Clock] },
        { "M6", "evalstate/fast-agent#276 (xAI): no finish, but done", Data(Calling(Call("a", "{}"))), [Clock] },
        { "M6", "old LocalAI, text-generation-webui: function_call", Data(Delta("\"function_call\":{\"name\":\"clock\",\"arguments\":\"{}\"}"), End("function_call")), [Clock] },
    };

    public static TheoryData<string, string, string[], string[], Func<HttpContext, JsonElement, string?>, Wanted> Requests => new()
    {
        {
            "M9", "small models: a number where a text is wanted", ["Hi"], [Data(Calling(Call("a", "{\\\"expression\\\":42}", "calculator"))), Ok],
            (_, body) => Roles(body) is [.., "tool"] && !Messages(body)[^1].GetRawText().Contains("expression: expected a string, got 42", StringComparison.Ordinal) ? "400 the model is not told what is wrong" : null,
            new("ok")
        },
        {
            "M2", "openclaude#878, langchain#34166, GitNexus#43 (DeepSeek, Kimi): thinking that a call came with", ["Hi"],
            [Data(Delta("\"reasoning_content\":\"Let me see\""), Calling(Call("a", "{}"))), Ok],
            (_, body) => Messages(body).Any(message => CallsOf(message).Any() && message.GetProperty("reasoning_content").GetString() != "Let me see") ? "400 no reasoning_content" : null, new("ok")
        },
        {
            "M2", "OpenMAIC#1556, open-webui/computer#224 (Gemini 3): the signature that a call came with", ["Hi"],
            [Data(Calling("""{"index":0,"id":"a","function":{"name":"clock","arguments":"{}"},"extra_content":{"google":{"thought_signature":"c2ln"}}}""")), Ok],
            (_, body) => Messages(body).SelectMany(CallsOf).Any(call => call.GetProperty("extra_content").GetProperty("google").GetProperty("thought_signature").GetString() != "c2ln") ? "400 no signature" : null, new("ok")
        },
        {
            "M2", "opencode#1680, ironclaw#1241, gptel#1203 (Mistral): ids of 9 letters and digits", ["Hi", "And?"], [Data(Calling(Call("Ab0000001", "{}"))), Ok],
            (_, body) => Messages(body).SelectMany(CallsOf).Any(call => !MistralId().IsMatch(call.GetProperty("id").GetString()!)) ? "400 an id of another form" : null, new("ok")
        },
        {
            "M2", "vllm#6862, autogen#5965, conversations#197 (Gemma, Mistral): user and assistant in turn, after a run that failed", ["Hi", "And?"], ["500", Ok],
            (_, body) => Roles(body).Zip(Roles(body).Skip(1)).Any(two => two.First == two.Second) ? "400 roles must alternate" : null, new("ok")
        },
        {
            "M2", "eclipse-peon-ai#75 (llama.cpp, Mistral): a text and a call of one message", ["Hi", "And?"], [Data(Say("Let me look."), Calling(Call("a", "{}"))), Ok],
            (_, body) => Roles(body).Zip(Roles(body).Skip(1)).Contains(("assistant:1", "assistant")) || Roles(body).Zip(Roles(body).Skip(1)).Contains(("assistant", "assistant:1")) ? "400 two answers in a row" : null,
            new("ok")
        },
        {
            "M2", "OpenAI, Anthropic behind proxies: two calls of one message", ["Hi", "And?"], [Data(Calling(Call("a", "{}"), """{"index":1,"id":"b","function":{"name":"clock","arguments":"{}"}}""")), Ok],
            (_, body) => string.Join(' ', Roles(body)) is "user" or "user assistant:2 tool tool" or "user assistant:2 tool tool assistant user" ? null : "400 that was not what was said", new("ok")
        },
        {
            "M6", "avante#2347, openai-agents-python#442, codecompanion#1112 (Mistral): stream_options", ["Hi"], [Hi],
            (_, body) => body.TryGetProperty("stream_options", out var _) ? "422 stream_options: Extra inputs are not permitted" : null, new()
        },
        {
            "M5", "Azure OpenAI docs: api-key and api-version", ["Hi"], [Hi],
            (context, _) => context.Request.Headers["api-key"] == UpstreamChat.Key && context.Request.Query.ContainsKey("api-version") ? null : "401 no key, or no version", new() { Agent = UpstreamChat.Azure }
        },
        {
            "M5", "all: an endpoint without its /v1", ["Hi"], [Hi],
            (context, _) => context.Request.Path == "/v1/chat/completions" ? null : "404 page not found", new() { Agent = UpstreamChat.Bare }
        },
        {
            "M2", "weave-os/router#1190, gpt-oss: a name that is not legal", ["Hi"], [Data(Calling(Call("a", "{}", "clock<|channel|>json"))), Ok],
            (_, body) => Messages(body).SelectMany(CallsOf).Any(call => !LegalName().IsMatch(call.GetProperty("function").GetProperty("name").GetString()!)) ? "400 an illegal name" : null, new("ok")
        },
        {
            "M2", "vllm#48922, LocalAI#10256, club-3090#1195 (vLLM, llama.cpp): arguments that are cut", ["Hi"], [Data(Calling(Call("a", "{\\\"place\\\":\\\"Os"))), Ok],
            (_, body) => Messages(body).SelectMany(CallsOf).Any(call => !IsObject(call.GetProperty("function").GetProperty("arguments").GetString()!)) ? "400 arguments that are no object" : null, new("ok")
        },
        {
            "M2", "kimi-cli#2141, openclaw#73417 (DeepSeek V4): thinking of every answer", ["Hi", "And?"], [Data(Delta("\"reasoning_content\":\"hm\""), Say("ok"), Stop)],
            (_, body) => Messages(body).Any(message => RoleOf(message) == "assistant" && !message.TryGetProperty("reasoning_content", out var _)) ? "400 no reasoning_content" : null,
            new("ok") { Thinking = "hm" }
        },
        {
            "M2", "OpenRouter docs: reasoning_details, in pieces", ["Hi", "And?"],
            [Data(
                Delta("""
                    "reasoning":"Let me","reasoning_details":[{"type":"reasoning.text","text":"Let me","format":"anthropic-claude-v1","index":0,"signature":null}]
                    """),
                Delta("""
                    "reasoning":" see","reasoning_details":[{"type":"reasoning.text","text":" see","index":0},{"type":"reasoning.text","signature":"c2ln","index":0},{"type":"reasoning.encrypted","data":"b3BhcXVl","id":"rs_1","index":1}]
                    """),
                Calling(Call("a", "{}"))), Ok],
            (_, body) => Messages(body).Where(message => CallsOf(message).Any()).All(message => message.GetProperty("reasoning_details").GetRawText()
                == """[{"type":"reasoning.text","text":"Let me see","format":"anthropic-claude-v1","index":0,"signature":"c2ln"},{"type":"reasoning.encrypted","data":"b3BhcXVl","id":"rs_1","index":1}]""") ? null : "400 other reasoning_details",
            new("ok")
        },
        {
            "M2", "LiteLLM docs (Claude): thinking_blocks, in pieces", ["Hi", "And?"],
            [Data(
                Delta("""
                    "reasoning_content":"Let me","thinking_blocks":[{"type":"thinking","thinking":"Let me","signature":""}]
                    """),
                Delta("""
                    "reasoning_content":" see","thinking_blocks":[{"type":"thinking","thinking":" see","signature":""},{"type":"thinking","thinking":"","signature":"c2ln"}]
                    """),
                Delta("""
                    "thinking_blocks":[{"type":"redacted_thinking","data":"b25l"},{"type":"redacted_thinking","data":"dHdv"},{"type":"thinking","thinking":"more","signature":"bW9yZQ"}]
                    """),
                Calling(Call("a", "{}"))), Ok],
            (_, body) => Messages(body).Where(message => CallsOf(message).Any()).All(message => message.GetProperty("thinking_blocks").GetRawText()
                == """[{"type":"thinking","thinking":"Let me see","signature":"c2ln"},{"type":"redacted_thinking","data":"b25l"},{"type":"redacted_thinking","data":"dHdv"},{"type":"thinking","thinking":"more","signature":"bW9yZQ"}]""") ? null : "400 other thinking_blocks",
            new("ok")
        },
        {
            "M2", "Mistral docs: parts of thinking", ["Hi", "And?"],
            [Data(Delta("""
                "content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me"}]}]
                """), Delta("""
                "content":[{"type":"thinking","thinking":[{"type":"text","text":" see"}]},{"type":"text","text":"ok"}]
                """), Stop)],
            (_, body) => Roles(body).Count == 1 || Messages(body)[1].GetProperty("content").GetRawText()
                == """[{"type":"thinking","thinking":[{"type":"text","text":"Let me see"}],"closed":true},{"type":"text","text":"ok"}]""" ? null : "400 other content",
            new("ok") { Thinking = "Let me see" }
        },
        {
            "M2", "caches of providers: arguments as the model wrote them", ["Hi", "And?"], [Data(Calling(Call("a", "{ \\\"expression\\\" :\\\"1+1\\\", \\\"x\\\": 1.0e0 }", "calculator"), Call("b", "{ }"))), Ok],
            (_, body) => Messages(body).Where(message => CallsOf(message).Any()).All(message =>
                CallsOf(message).Select(call => call.GetProperty("function").GetProperty("arguments").GetString()).SequenceEqual(["{ \"expression\" :\"1+1\", \"x\": 1.0e0 }", "{ }"])) ? null : "400 other arguments",
            new("ok")
        },
        {
            "M4", "llama.cpp#17284, zed#57166, continue#9797: six messages of 4 kB, for a model that takes 16 kB", [.. Enumerable.Repeat(new string('x', 4000), 6)], [Ok],
            (_, body) => body.GetRawText().Length > 16_000 ? "400 the request exceeds the available context size, try increasing it" : null, new("ok") { Agent = UpstreamChat.Small[2] }
        },
        {
            "M6", "zed#53919, openswarm#24 (Gemini): types of a parameter as a list", ["Hi"], [Hi],
            (_, body) => body.GetProperty("tools").GetRawText().Contains("\"type\":[", StringComparison.Ordinal) ? "400 type: expected a string" : null, new()
        },
    };

    [Theory]
    [MemberData(nameof(Calls), DisableDiscoveryEnumeration = true)]
    public async Task A_call_is_made_however_a_server_writes_it(string kind, string reported, string sent, string[] calls)
    {
        List<string> made = [];
        chat.Answer = (context, body) =>
        {
            using var asked = JsonDocument.Parse(body);
            made = [.. Messages(asked.RootElement).SelectMany(CallsOf).Select(call => call.GetProperty("function")).Select(call => $"{call.GetProperty("name")} {call.GetProperty("arguments")}")];
            return Stream(Roles(asked.RootElement) is [.., "tool"] ? Ok : sent + Done)(context);
        };

        await ShouldEndAsync(kind, reported, new Wanted("ok"), await chat.RunAsync());

        made.Should().Equal(calls, reported);
        chat.Calls.Should().HaveCount(calls.Length, reported).And.OnlyContain(call => call.Error == null, reported);
    }

    [Theory]
    [MemberData(nameof(Requests), DisableDiscoveryEnumeration = true)]
    public async Task What_a_server_refuses_is_not_what_it_is_sent(string kind, string reported, string[] messages, string[] answers, Func<HttpContext, JsonElement, string?> refuses, Wanted wanted)
    {
        var answered = 0;
        chat.Answer = (context, body) =>
        {
            using var asked = JsonDocument.Parse(body);
            return refuses(context, asked.RootElement) is { } why ? Send(int.Parse(why[..3], System.Globalization.CultureInfo.InvariantCulture), "application/json", $$$"""{"error":{"message":"{{{why[4..]}}}"}}""")(context)
                : answers[Math.Min(answered++, answers.Length - 1)] is var answer && answer == "500" ? Send(500, "text/plain", "")(context)
                : Stream(answer + Done)(context);
        };

        await ShouldEndAsync(kind, reported, wanted, await chat.RunAsync(wanted.Agent, messages));

        chat.Thinking.Should().Match($"*{wanted.Thinking}*", reported);
    }

    private static string Calling(params string[] calls) => Delta($"\"tool_calls\":[{string.Join(',', calls)}]");

    private static string Call(string id, string arguments, string tool = "clock") =>
        "{\"index\":0,\"id\":\"" + id + "\",\"type\":\"function\",\"function\":{\"name\":\"" + tool + "\",\"arguments\":\"" + arguments + "\"}}";

    private static string Sum(string id) => Call(id, "{\\\"expression\\\":\\\"1+1\\\"}", "calculator");

    private static List<JsonElement> Messages(JsonElement body) => [.. body.GetProperty("messages").EnumerateArray()];

    private static IEnumerable<JsonElement> CallsOf(JsonElement message) => message.TryGetProperty("tool_calls", out var calls) ? calls.EnumerateArray() : [];

    private static string RoleOf(JsonElement message) => message.GetProperty("role").GetString()!;

    // assistant:2 is one that makes two calls.
    private static List<string> Roles(JsonElement body) => [.. Messages(body).Select(message => CallsOf(message).Count() is > 0 and var calls ? $"{RoleOf(message)}:{calls}" : RoleOf(message))];

    private static bool IsObject(string json) => json.StartsWith('{') && json.EndsWith('}');

    [GeneratedRegex("^[a-zA-Z0-9]{9}$")]
    private static partial Regex MistralId();

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex LegalName();
}
