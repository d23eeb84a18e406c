using System.IO.Compression;
using System.Text;
using System.Text.Json;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Tests.Agents.Completions;

/// <summary>
/// What real servers were reported to send, one case a report, named by the kind of failure (M1 to M10) and by where it was reported, each through a chat over the socket. Two reports
/// are about a request that is repeated: <see cref="RefusalTests.An_endpoint_is_asked_again_after_the_time_that_it_says"/> and
/// <see cref="RefusalTests.A_call_that_the_model_wrote_wrongly_is_asked_for_again"/>.
/// </summary>
[Trait("failure", "M1")]
[Trait("failure", "M2")]
[Trait("failure", "M3")]
[Trait("failure", "M4")]
[Trait("failure", "M5")]
[Trait("failure", "M6")]
[Trait("failure", "M7")]
[Trait("failure", "M9")]
public sealed partial class ReportedTests(UpstreamChat chat) : IClassFixture<UpstreamChat>
{
    private const string Stop = """{"choices":[{"delta":{},"finish_reason":"stop"}]}""";
    private const string Done = "data: [DONE]\n\n";
    private static readonly string Ok = Data(Say("ok"), Stop) + Done;
    private static readonly string Hi = Data(Say("hi"), Stop) + Done;

    public static TheoryData<string, string, Func<HttpContext, Task>, Wanted> Answers => new()
    {
        { "M6", "hand-written servers: the last chunk and the end without a blank line", Stream(Data(Say("hi")) + "data: " + Stop), new() },
        { "M6", "proxies: gzip, unasked", ZippedAsync, new() },
        { "M6", "nashsu/llm_wiki#619: a whole answer where a stream was asked for", Send(200, "application/json", """{"object":"chat.completion","choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"""), new() },
        { "M6", "elizaOS/eliza#30904, elie222/rakazo#416: half a character in each of two chunks", Stream(Data(Say("A\\ud83d"), Say("\\ude00B"), Stop) + Done), new("A\ud83d\ude00B") },
        { "M6", "tobi/qmd#855: half a character that nothing follows", Stream(Data(Say("A\\ud83d"), Say("B"), Stop) + Done), new("A\ufffdB") },
        { "M1", "langchain4j#5813, openclaw#102334: a refusal with its words", Stream(Data(Delta("\"content\":null,\"refusal\":\"I cannot help with that.\""), Stop) + Done), new("I cannot help with that.", AnswerFinish.Refusal) },
        { "M1", "Azure OpenAI: half an answer, then a content filter", Stream(Data(Say("half"), End("content_filter")) + Done), new("half", AnswerFinish.ContentFilter) },
        { "M1", "0xPlaygrounds/rig#2248: the length in the middle of a sentence", Stream(Data(Say("half"), End("length")) + Done), new("half", AnswerFinish.Length) },
        { "M1", "su-kaka/gcli2api#406 (Gemini): neither text nor a call", Stream(Data(Stop) + Done), new("", AnswerFinish.Empty) },
        { "M6", "openai/openai-dotnet#813 (Ollama, OpenRouter, vLLM): delta.reasoning", Stream(Data(Delta("\"reasoning\":\"Let me see\""), Say("hi"), Stop) + Done), new() { Thinking = "Let me see" } },
        { "M6", "lofcz/LLMTornado#65 (Groq, llama.cpp): thinking in tags", Stream(Data(Say("<think>\\nLet me see"), Say("</think>\\n\\nhi"), Stop) + Done), new() { Thinking = "Let me see" } },
        {
            "M6", "BerriAI/litellm#16272, meilisearch#6327 (Mistral): content of parts",
            Stream(Data(Delta("""
                "content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me see"}]},{"type":"text","text":"hi"}]
                """), Stop) + Done),
            new() { Thinking = "Let me see" }
        },
        { "M6", "openai/openai-dotnet#267 (Together): the finish eos", Stream(Data(Say("hi"), End("eos")) + Done), new() },
        { "M6", "pydantic-ai#6610, #2996 (Ollama), pi#7062: no finish, but done", Stream(Data(Say("hi")) + Done), new() },
        {
            "M6", "llama.cpp and proxies: counts of null",
            Stream(Data(Say("hi"), Stop, """{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":null,"total_tokens":null,"prompt_tokens_details":null,"completion_tokens_details":null}}""") + Done), new()
        },
        { "M6", "hand-written servers: created with a fraction", Stream(Data("""{"created":1700000000.25,"choices":[{"delta":{"content":"hi"}}]}""", Stop) + Done), new() },
        { "M6", "hand-written servers: created as text, id null", Stream(Data("""{"id":null,"created":"1700000000","choices":[{"delta":{"content":"hi"}}]}""", Stop) + Done), new() },
        { "M6", "llama.cpp, one-api: roles of their own", Stream(Data(Delta("\"role\":\"\",\"content\":\"h\""), Delta("\"role\":\"model\",\"content\":\"i\""), Stop) + Done), new() },
        { "M6", "microsoft/autogen#6465: delta and choices of null", Stream(Data("""{"choices":null}""", """{"choices":[{"delta":null}]}""", Say("hi"), Stop) + Done), new() },
        { "M6", "one-api, proxies: data with nothing as a keep-alive", Stream("data:\n\n" + Data(Say("hi")) + "data: \n\n" + Data(Stop) + Done), new() },
        { "M5", "BerriAI/litellm#40578 (vLLM): an error in a stream", Stream(Data("""{"error":{"message":"the queue is full","code":429}}""") + Done), new(RunFailure.ModelRateLimited) { Log = "queue is full" } },
        { "M5", "diegosouzapw/OmniRoute#8210 (OpenRouter): an error beside no choices", Stream(Data(Say("half"), """{"choices":[],"error":{"code":502,"message":"worker limit reached"}}""") + Done), new(RunFailure.ModelUnavailable) { Log = "worker limit reached" } },
        {
            "M5", "OpenRouter docs: an error in the choice", Stream(Data(Say("half"), """{"choices":[{"delta":{},"finish_reason":"error","error":{"code":502,"message":"the provider went away"}}]}""") + Done),
            new(RunFailure.ModelUnavailable) { Log = "provider went away" }
        },
        { "M5", "nashsu/llm_wiki#619: an error with the status of success", Send(200, "application/json", """{"error":{"message":"no such deployment","code":"model_not_found"}}"""), new(RunFailure.ModelRejected) { Log = "no such deployment" } },
        { "M5", "old llama.cpp: an error as a field of the stream", Stream(Data(Say("half")) + "error: {\"message\":\"the slot is gone\"}\n\n"), new(RunFailure.ModelUnavailable) { Log = "slot is gone" } },
        { "M5", "all: a wait that is too long", Send(429, "application/json", "{}", ("Retry-After", "60")), new(RunFailure.ModelRateLimited) { Told = "in 60 s" } },
        {
            "M5", "OpenAI: no money", Send(429, "application/json", """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"""),
            new(RunFailure.ModelRejected) { Told = "operator" }
        },
        {
            "M4", "all: the context is too long", Send(400, "application/json", """{"error":{"message":"This model's maximum context length is 10 tokens.","code":"context_length_exceeded"}}"""),
            new(RunFailure.ModelRejected) { Agent = UpstreamChat.Small[0], Told = "longer than the model takes" }
        },
        { "M7", "LiteLLM, OpenAI: the key in the error", Send(401, "application/json", $$$"""{"error":{"message":"Incorrect API key: {{{UpstreamChat.Key}}}"}}"""), new(RunFailure.ModelRejected) { Log = "Incorrect API key" } },
        { "M5", "gateways: 307 to another path", context => RedirectAsync(context, 307), new() },
        { "M5", "gateways: 308 to another path", context => RedirectAsync(context, 308), new() },
        {
            "M5", "vllm#6862 (old vLLM, Mistral): an error of another shape", Send(400, "application/json", """{"object":"error","message":"only 4096 tokens: the maximum context length","code":400}"""),
            new(RunFailure.ModelRejected) { Agent = UpstreamChat.Small[1], Log = "only 4096" }
        },
        { "M5", "Ollama, LM Studio: an error that is a text", Send(404, "application/json", """{"error":"model 'small' not found, try pulling it first"}"""), new(RunFailure.ModelRejected) { Log = "try pulling it" } },
        { "M5", "ruby-openai#634, gateways: an error that is no JSON", Send(403, "text/plain", "Host not in allow list"), new(RunFailure.ModelRejected) { Log = "allow list" } },
    };

    [Theory]
    [MemberData(nameof(Answers), DisableDiscoveryEnumeration = true)]
    public async Task What_a_server_answered_comes_to_what_it_meant(string kind, string reported, Func<HttpContext, Task> answer, Wanted wanted)
    {
        chat.Answer = (context, _) => answer(context);
        await ShouldEndAsync(kind, reported, wanted, await chat.RunAsync(wanted.Agent));
        chat.Thinking.Trim().Should().Be(wanted.Thinking, reported);
    }

    private async Task ShouldEndAsync(string kind, string reported, Wanted wanted, RunEvent end)
    {
        var what = $"{kind}: {reported}: {(end as AgentFailed)?.Message}";
        if (wanted.Code is { } code)
        {
            var failed = end.Should().BeOfType<AgentFailed>(what).Subject;
            failed.Code.Should().Be(code, what);
            failed.Message.Should().Match($"*{wanted.Told}*", what).And.NotContain("server's log", what);
        }
        else
        {
            var completed = end.Should().BeOfType<AgentCompleted>(what).Subject;
            (completed.Content, completed.Finish).Should().Be((wanted.Text, wanted.Finish), what);
        }

        await chat.UntilLoggedAsync(wanted.Log);
        chat.ShouldHoldNoSecret();
    }

    private static string Data(params string[] events) => string.Concat(events.Select(data => $"data: {data}\n\n"));

    private static string Say(string text) => Delta($"\"content\":\"{text}\"");

    private static string Delta(string members) => "{\"choices\":[{\"index\":0,\"delta\":{" + members.Trim() + "},\"finish_reason\":null}]}";

    private static string End(string finish) => "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + finish + "\"}]}";

    private static Func<HttpContext, Task> Stream(string events) => Send(200, "text/event-stream", events);

    private static Func<HttpContext, Task> Send(int status, string contentType, string body, params (string Name, string Value)[] headers) => context =>
    {
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        return ModelServer.RefuseAsync(context, status, contentType, body);
    };

    private static async Task ZippedAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.ContentEncoding = "gzip";
        await using var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
        await zip.WriteAsync(Encoding.UTF8.GetBytes(Hi), context.RequestAborted);
    }

    private static Task RedirectAsync(HttpContext context, int status) =>
        context.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal) ? Stream(Hi)(context) : Send(status, "text/plain", "", ("Location", "/v2/chat/completions"))(context);

    /// <summary>How a run ends.</summary>
    /// <param name="Text">What it says, where it does not fail.</param>
    public sealed record Wanted(string Text = "hi", AnswerFinish Finish = AnswerFinish.Complete)
    {
        public Wanted(RunFailure code)
            : this() => Code = code;

        public string Agent { get; init; } = UpstreamChat.Agent;

        public RunFailure? Code { get; }

        public string Thinking { get; init; } = "";

        /// <summary>Is in the log.</summary>
        public string Log { get; init; } = "";

        /// <summary>Is in what people are told.</summary>
        public string Told { get; init; } = "";
    }
}
