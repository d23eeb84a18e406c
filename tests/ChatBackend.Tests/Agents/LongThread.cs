using ChatBackend.Agents.Tools;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Agents;

/// <summary>A thread with the agent <c>small</c>, whose model is played, on a server that may be started again.</summary>
internal sealed class LongThread : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-backend-");

    public ChatServer Server { get; private set; } = null!;

    public TestClient Client { get; private set; } = null!;

    /// <summary>Null before its first message.</summary>
    public ThreadId? Id { get; set; }

    /// <summary>What the tool <c>read</c> returns.</summary>
    public Func<string> Read { get; set; } = () => "";

    public async Task StartAsync(ModelServer provider, params (string, string)[] settings)
    {
        Server = new ChatServer(_directory, WithReader, [.. Agent(provider), .. settings]);
        Client = await Server.ConnectAsync();
    }

    public async Task RestartAsync(ModelServer provider, params (string, string)[] settings)
    {
        var guest = Client.Guest;
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        Server = new ChatServer(_directory, WithReader, [.. Agent(provider), .. settings]);
        Client = await Server.ConnectAsync(guest);
        await Client.Connection.FollowAsync(Id!.Value).Soon();
    }

    /// <summary>Sends it and waits until it is answered.</summary>
    public async Task<AgentCompleted> PlayAsync(string content, MessageId? replaces = null)
    {
        var ack = await Client.Connection.ChatAsync(content, Id, replaces: replaces).Soon();
        Id = ack.ThreadId;
        var end = await Client.EndOfAsync(ack);
        return end.Should().BeOfType<AgentCompleted>("{0}", (end as AgentFailed)?.Message).Subject;
    }

    /// <summary>As the thread has them, for one who comes later.</summary>
    public async Task<List<TEvent>> EventsAsync<TEvent>()
        where TEvent : ThreadEvent
    {
        var log = Server.Services.GetRequiredService<IEventLog>();
        return [.. (await log.ReadAsync(Id!.Value, 0, int.MaxValue, int.MaxValue, CancellationToken.None)).Select(stored => WireJson.DecodeServerFrame(stored.Json.Span)).OfType<TEvent>()];
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private static (string, string)[] Agent(ModelServer provider) =>
    [
        ("Agents:Default", "small"), ("Runs:HistoryEvents", "10000"), ("Agents:List:0:Name", "small"), ("Agents:List:0:Endpoint", provider.Endpoint), ("Agents:List:0:Model", "small"),
        ("Agents:List:0:Instructions", "Be brief."), ("Agents:List:0:Tools:0", "calculator"), ("Agents:List:0:Tools:1", "clock"), ("Agents:List:0:Tools:2", "read"),
    ];

    private void WithReader(IServiceCollection services) => services.AddSingleton(ToolRegistration.Of("read", () => Read(), null));
}
