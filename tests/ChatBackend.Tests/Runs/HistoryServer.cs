using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Completions;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Runs.History;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using ChatBackend.Telemetry;
using ChatBackend.Tests.Agents;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Runs;

/// <summary>A server whose agent <c>helper</c> asks a provider that keeps what it is shown, on a log that can be made to fail.</summary>
internal sealed class HistoryServer : IAsyncDisposable
{
    public const string Helper = "helper";

    private readonly ModelServer _provider;
    private readonly ModelServer _mirror;

    private HistoryServer(ModelServer provider, ModelServer mirror, DirectoryInfo? data, (string, string)[] settings)
    {
        (_provider, _mirror) = (provider, mirror);
        (string, string)[] all =
        [
            ("Agents:Default", Helper), ("Agents:List:0:Name", Helper), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"),
            ("Agents:List:0:Tools:0", "calculator"), .. settings,
        ];
        Chat = data is null ? new ChatServer(WithFaultyLog, all) : new ChatServer(data, all);
    }

    public ChatServer Chat { get; }

    public FaultyLog Log => (FaultyLog)Chat.Services.GetRequiredService<IEventLog>();

    /// <summary>Of each request the messages, as they went over the wire, a line each.</summary>
    public List<string> Shown => [.. Asked.Select(MessagesOf)];

    public List<JsonElement> Asked
    {
        get
        {
            lock (_provider.Requests)
            {
                return [.. _provider.Requests.Select(request => request.Body)];
            }
        }
    }

    /// <param name="data">Keeps the log of an earlier one; it is then one without faults.</param>
    public static async Task<HistoryServer> StartAsync(Func<HttpContext, JsonElement, Task> answer, DirectoryInfo? data = null, params (string, string)[] settings) =>
        new(await ModelServer.StartAsync(answer), await ModelServer.StartAsync(Answer), data, settings);

    public static Task Answer(HttpContext context, JsonElement asked) => AnswerAsync(context, "fine");

    public static Task AnswerAsync(HttpContext context, string text) =>
        ModelServer.SendAsync(context, ModelServer.Text(text), ModelServer.Chunk("{}", "\"stop\""), "[DONE]");

    public static Task CallAsync(HttpContext context, string call) => ModelServer.SendAsync(
        context,
        ModelServer.Chunk($$$"""{"tool_calls":[{"index":0,"id":"{{{call}}}","type":"function","function":{"name":"calculator","arguments":"{\"expression\":\"6 * 7\"}"}}]}"""),
        ModelServer.Chunk("{}", "\"tool_calls\""), "[DONE]");

    /// <summary>A user's question, or null where the conversation ends with something else.</summary>
    public static string? QuestionIn(JsonElement asked) =>
        asked.GetProperty("messages").EnumerateArray().Last() is var last && last.GetProperty("role").GetString() == "user" ? TextOf(last).Split("\n\n")[^1] : null;

    public static string TextOf(JsonElement message) => message.GetProperty("content") is { ValueKind: JsonValueKind.Array } parts
        ? string.Concat(parts.EnumerateArray().Select(part => part.GetProperty("text").GetString()))
        : message.GetProperty("content").GetString() ?? "";

    public async Task<List<ThreadEvent>> EventsAsync(ThreadId thread) =>
        [.. (await Chat.Services.GetRequiredService<IEventLog>().ReadAsync(thread, 0, int.MaxValue, int.MaxValue, CancellationToken.None))
            .Select(stored => (ThreadEvent)WireJson.DecodeServerFrame(stored.Json.Span))];

    /// <summary>What a run of the thread would be shown by a server that has nothing in memory.</summary>
    public async Task<string> FromLogAsync(ThreadId thread, AgentStarted started)
    {
        var options = Options.Create(new RunOptions { HistoryEvents = Chat.Services.GetRequiredService<IOptions<RunOptions>>().Value.HistoryEvents });
        await using var metrics = new ServiceCollection().AddMetrics().AddSingleton<ChatMetrics>().BuildServiceProvider();
        var historyCache = new ChatHistoryCache(options, metrics.GetRequiredService<ChatMetrics>(), TimeProvider.System);
        var conversation = new ChatHistoryBuilder(
            Chat.Services.GetRequiredService<IEventLog>(), historyCache, options, TimeProvider.System, NullLogger<ChatHistoryBuilder>.Instance);
        var start = new RunRequest(UserId.New(), thread, started.RunId, started.MessageId, started.Seq, Helper, started.Seq, []) { LastRecord = long.MaxValue };
        return await OnTheWireAsync((await conversation.OfAsync(start, Chat.Services.GetRequiredService<AgentCatalog>().Find(Helper)!, CancellationToken.None)).Messages);
    }

    /// <summary>What a fold over all that the thread ever was lets a run be shown.</summary>
    public async Task<string> FromAllAsync(IEnumerable<ThreadEvent> events, AgentStarted started)
    {
        var records = (await Chat.Services.GetRequiredService<IEventLog>().ReadRecordsAsync(started.ThreadId, 1, started.Seq, CancellationToken.None))
            .ToDictionary(record => record.Seq, record => StepRecord.Decode(record.Json.Span));
        var path = new ActivePath();
        var before = events.TakeWhile(threadEvent => threadEvent.Seq <= started.Seq).ToList();
        before.ForEach(threadEvent => path.Apply(threadEvent));
        var history = new ChatHistory(path);
        foreach (var threadEvent in before)
        {
            history.Add(threadEvent, records.GetValueOrDefault(threadEvent.Seq));
        }

        var window = Chat.Services.GetRequiredService<IOptions<RunOptions>>().Value.HistoryEvents;
        return await OnTheWireAsync(history.Messages(history.Begin(started.Seq, window)));
    }

    public async ValueTask DisposeAsync()
    {
        await Chat.DisposeAsync();
        await _provider.DisposeAsync();
        await _mirror.DisposeAsync();
    }

    private async Task<string> OnTheWireAsync(List<ChatMessage> messages)
    {
        var model = CompletionsClient.Connect(new ModelEndpointOptions { Name = "mirror", Endpoint = _mirror.Endpoint, Model = "small" }, null, TimeProvider.System);
        var source = ModelSource.Of(Chat.Services.GetRequiredService<AgentCatalog>().Find(Helper)!.Model);
        await model.StepAsync(ModelConversation.Of(messages, source, hasTools: true), CancellationToken.None).Soon();
        return MessagesOf(_mirror.Requests[^1].Body);
    }

    private static string MessagesOf(JsonElement asked) =>
        string.Join('\n', asked.GetProperty("messages").EnumerateArray().Select(message => message.GetRawText()));

    private static void WithFaultyLog(IServiceCollection services) =>
        services.AddSingleton<IEventLog>(provider => new FaultyLog(provider.GetRequiredService<SqliteEventLog>()));
}
