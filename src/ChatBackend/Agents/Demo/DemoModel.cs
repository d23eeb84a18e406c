using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Demo;

/// <summary>Answers with real local tools and says plainly that it is no language model. What a newcomer talks to before a model is configured.</summary>
internal sealed partial class DemoModel : IChatClient
{
    public const string Name = "demo";

    private const int MaxQuestion = 200;

    private const string Introduction =
        "I am the built-in demo, not a language model. I can tell the time (\"What time is it in Tokyo?\"), "
        + "calculate (\"What is (2 + 3) * 4?\") and search your own threads (\"Search for Tokyo\"). "
        + "Configure an agent under Agents:List to talk to a model.";

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var conversation = messages.ToList();
        var asked = conversation.FindLastIndex(message => message.Role == ChatRole.User);
        var turn = conversation.Skip(asked).SelectMany(message => message.Contents).ToList();
        var words = 0;
        if (turn.OfType<FunctionResultContent>().LastOrDefault() is { } result)
        {
            var call = turn.OfType<FunctionCallContent>().Last();
            foreach (var word in WordsOf(AnswerFrom(call.Name, result.Result)))
            {
                words++;
                yield return new ChatResponseUpdate(ChatRole.Assistant, word);
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        else if (CallFor(conversation[asked].Text) is { } call)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, [call]) { FinishReason = ChatFinishReason.ToolCalls };
            yield break;
        }
        else
        {
            foreach (var word in WordsOf(Introduction))
            {
                words++;
                yield return new ChatResponseUpdate(ChatRole.Assistant, word);
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        var usage = new UsageContent(new UsageDetails { InputTokenCount = 0, OutputTokenCount = words });
        yield return new ChatResponseUpdate(ChatRole.Assistant, [usage]) { FinishReason = ChatFinishReason.Stop };
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }

    private static FunctionCallContent? CallFor(string message)
    {
        // A question for the demo is short; matching a long text would only cost time.
        var text = message.Length <= MaxQuestion ? message : message[..MaxQuestion];
        if (Search().Match(text) is { Success: true } search)
        {
            return Call(BuiltInTools.SearchThreads, "query", search.Groups["query"].Value);
        }

        if (Time().IsMatch(text))
        {
            var place = Place().Match(text) is { Success: true } named ? named.Groups["place"].Value : "UTC";
            return Call(BuiltInTools.Clock, "place", place);
        }

        return Expression().Match(text) is { Success: true } expression
            ? Call(BuiltInTools.Calculator, "expression", expression.Value.Trim())
            : null;
    }

    private static FunctionCallContent Call(string tool, string argument, string value) =>
        new("demo_1", tool, new Dictionary<string, object?> { [argument] = value });

    private static string AnswerFrom(string tool, object? told)
    {
        var result = JsonSerializer.SerializeToElement(told, AIJsonUtilities.DefaultOptions);
        if (result.TryGetProperty("error", out var error))
        {
            return $"That did not work: {error.GetString()}";
        }

        return tool switch
        {
            BuiltInTools.Clock => $"In {Text(result, "place")} it is {Text(result, "time")} ({Text(result, "zone")}, UTC{Text(result, "utcOffset")}).",
            BuiltInTools.Calculator => $"{Text(result, "expression")} = {Text(result, "value")}",
            _ => Found(result),
        };
    }

    private static string Found(JsonElement result)
    {
        var hits = result.GetProperty("hits").EnumerateArray().Select(hit => $"\n- {Text(hit, "at")}: {Text(hit, "text")}").ToList();
        return hits.Count == 0
            ? $"Nothing in your threads holds \"{Text(result, "query")}\"."
            : $"Found in your threads:{string.Concat(hits)}";
    }

    private static string Text(JsonElement element, string member) => element.GetProperty(member).ToString();

    private static IEnumerable<string> WordsOf(string text) => Word().Matches(text).Select(word => word.Value);

    [GeneratedRegex(@"\S+\s*")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\s*(search|find|look)( (for|up))?[\s:]+(?<query>.+?)[?.!\s]*$", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Search();

    [GeneratedRegex(@"\b(time|date|day|clock)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Time();

    [GeneratedRegex(@"\b(in|at|for)\s+(the\s+)?(?<place>\p{L}[\p{L}\p{M}/_' -]*?)(\s+(now|today|please|right now))*\s*[?.!,]*\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Place();

    [GeneratedRegex(@"[-+(\d.][-+*/%^×÷().\d\s]*[-+*/%^×÷][-+*/%^×÷().\d\s]*[\d)]")]
    private static partial Regex Expression();
}
