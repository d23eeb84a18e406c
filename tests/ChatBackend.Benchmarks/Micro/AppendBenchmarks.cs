using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Storage.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Benchmarks.Micro;

/// <summary>What begins a turn, made durable: the user's message, the run's start and the command they came of, in one commit.</summary>
[MemoryDiagnoser]
public class AppendBenchmarks
{
    private const int AtOnce = 100;
    private const string Content = "Which of the three offers is the cheapest, if we need it by Friday?";

    private readonly UserId _user = UserId.New();
    private readonly ThreadId[] _threads = [.. Enumerable.Range(0, AtOnce).Select(_ => ThreadId.New())];
    private readonly long[] _heads = new long[AtOnce];
    private readonly byte[] _digest = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
    private readonly byte[] _message = WireJson.Encode(
        new UserMessage { ThreadId = ThreadId.New(), Seq = 41, MessageId = MessageId.New(), ClientId = ClientFrameId.New(), Content = Content });
    private readonly byte[] _started = WireJson.Encode(
        new AgentStarted { ThreadId = ThreadId.New(), Seq = 42, RunId = RunId.New(), MessageId = MessageId.New(), Agent = "demo" });
    private readonly byte[] _ack = WireJson.Encode(
        new Ack { Id = ClientFrameId.New(), Status = AckStatus.Accepted, ThreadId = ThreadId.New(), Seq = 41, MessageId = MessageId.New(), RunId = RunId.New() });

    private DirectoryInfo _directory = null!;
    private ServiceProvider _services = null!;
    private SqliteEventLog _log = null!;

    [GlobalSetup]
    public async Task OpenAsync()
    {
        _directory = Directory.CreateTempSubdirectory("chat-benchmark-");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["DataDirectory"] = _directory.FullName }).Build();
        _services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSqliteStorage().BuildServiceProvider();
        _log = _services.GetRequiredService<SqliteEventLog>();
        _log.EnsureReady();
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(AppendToAsync));
    }

    [GlobalCleanup]
    public void Close()
    {
        _services.Dispose();
        _directory.Delete(recursive: true);
    }

    [Benchmark(Description = "append alone")]
    public Task Alone() => AppendToAsync(0);

    [Benchmark(Description = "append, each of 100 at once", OperationsPerInvoke = AtOnce)]
    public Task Together() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(AppendToAsync));

    private async Task AppendToAsync(int thread)
    {
        var head = _heads[thread];
        _heads[thread] += 2;
        var result = await _log.AppendAsync(
            new LogAppend
            {
                Thread = _threads[thread],
                Epoch = 1,
                Head = head,
                NewOwner = head == 0 ? _user : null,
                OpenFrom = head + 1,
                At = TimeProvider.System.GetUtcNow(),
                Events = [new LogEvent(head + 1, _message, MessageId.New().Value), new LogEvent(head + 2, _started, null)],
                Command = new CommandRecord(_user, ClientFrameId.New(), _digest, _ack),
            },
            CancellationToken.None);
        if (result is not AppendResult.Appended)
        {
            throw new InvalidOperationException($"An append was not taken: {result}.");
        }
    }
}
