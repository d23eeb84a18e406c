using ChatBackend.Agents.Tools;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Agents;

/// <summary>Whatever happens in a thread, its model is shown what it made itself, in a form that it takes, and in the same bytes each time.</summary>
[Trait("failure", "M2")]
public sealed class StrictThreadTests : IAsyncLifetime
{
    private const int Turns = 60;
    private static readonly string[] Usual = ["plain", "tools", "tool", "wrong"];
    private static readonly string[] Unusual = ["half", "refuse", "edit", "wait", "cut", "hang", "break", "edit", "wait", "cut", "think", "hang"];

    private readonly List<DirectoryInfo> _directories = [Directory.CreateTempSubdirectory("chat-backend-")];
    private (string, string)[] _settings = [];
    private ChatServer _server = null!;
    private TestClient _client = null!;
    private ThreadId? _thread;
    private StrictModel? _model;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        _directories.ForEach(directory => directory.Delete(recursive: true));
    }

    [Theory]
    [InlineData("mistral")]
    [InlineData("deepseek")]
    [InlineData("gemini")]
    [InlineData("anthropic")]
    public async Task A_thread_of_sixty_turns_that_go_wrong_now_and_then_is_never_refused_and_its_past_stays_the_same_bytes(string manners)
    {
        var model = _model = new StrictModel(manners);
        await using var provider = await ModelServer.StartAsync(model.AnswerAsync);
        await StartAsync(Agent(0, "small", provider));

        for (var turn = 1; turn <= Turns; turn++)
        {
            await (turn % 5 == 0 ? PlayUnusualAsync(model, turn, Unusual[(turn / 5) - 1]) : PlayAsync($"turn {turn} {Usual[turn % Usual.Length]}"));
            model.Refused.Should().BeEmpty("turn {0}", turn);
        }

        await PlayAsync("turn 61 plain");
        model.Refused.Should().BeEmpty();
        model.Asked.Should().HaveCountGreaterThan(Turns);
        await NothingPrivateIsToldAsync(model);
    }

    [Fact]
    public async Task What_a_model_gave_to_have_back_goes_to_no_other_one()
    {
        var (thinks, other) = (_model = new StrictModel("deepseek"), new StrictModel("mistral") { TakesForeign = true });
        await using var provider = await ModelServer.StartAsync(thinks.AnswerAsync);
        await using var another = await ModelServer.StartAsync(other.AnswerAsync);
        await StartAsync([.. Agent(0, "small", provider), .. Agent(1, "other", another)]);

        await PlayAsync("turn 1 tools");
        await PlayAsync("turn 2 plain", "other");

        other.Refused.Should().BeEmpty();
        other.Asked.Should().ContainSingle().Which.Should().Contain("Let me look. ").And.Contain("42").And.NotContainAny(["Hm, ", .. thinks.Private]);
        await NothingPrivateIsToldAsync(thinks);
    }

    [Fact]
    public async Task A_model_that_wants_thinking_in_every_answer_takes_those_of_others_once_that_is_known()
    {
        var (thinks, other) = (new StrictModel("deepseek") { TakesForeign = true }, new StrictModel("mistral"));
        await using var provider = await ModelServer.StartAsync(thinks.AnswerAsync);
        await using var another = await ModelServer.StartAsync(other.AnswerAsync);
        await StartAsync([.. Agent(0, "small", provider), .. Agent(1, "other", another)]);

        await PlayAsync("turn 1 tools", "other");
        await PlayAsync("turn 2 plain");
        await PlayAsync("turn 3 plain");

        thinks.Refused.Should().ContainSingle().Which.Should().Contain("without its reasoning_content");
    }

    private async Task PlayUnusualAsync(StrictModel model, int turn, string what)
    {
        switch (what)
        {
            case "edit":
                var first = await PlayAsync($"turn {turn} tools");
                model.Rewind($"turn {turn} ");
                await PlayAsync($"turn {turn} other plain", replaces: first.MessageId);
                break;
            case "wait":
                var steered = await AskAsync($"turn {turn} wait", SaidHalf);
                await _client.Connection.ChatAsync($"turn {turn} entered tools", _thread, whenRunning: WhenRunning.Steer).Soon();
                model.Go.Release();
                await ShouldCompleteAsync(steered);
                break;
            case "cut":
                var cut = await AskAsync($"turn {turn} half", SaidHalf);
                await DieAsync();
                (await _client.EndOfAsync(cut)).Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.Interrupted);
                break;
            case "refuse" or "break":
                (await _client.EndOfAsync(await AskAsync($"turn {turn} {what}"))).Should().BeOfType<AgentFailed>();
                break;
            default:
                var asked = model.Asked.Count;
                var stopped = await AskAsync($"turn {turn} {what}", what switch { "half" => SaidHalf, "hang" => Hangs, _ => _ => model.Asked.Count > asked });
                await _client.Connection.StopAsync(_thread!.Value).Soon();
                (await _client.EndOfAsync(stopped)).Should().BeOfType<AgentStopped>();
                break;
        }

        static bool SaidHalf(IEnumerable<ServerFrame> frames) => frames.OfType<AgentDelta>().Any(delta => delta.Text.Contains("Half", StringComparison.Ordinal));
        static bool Hangs(IEnumerable<ServerFrame> frames) => frames.OfType<ToolExecuting>().Any(tool => tool.Tool == "hang");
    }

    private async Task<Ack> PlayAsync(string content, string agent = "small", MessageId? replaces = null)
    {
        var ack = await _client.Connection.ChatAsync(content, _thread, agent, replaces: replaces).Soon();
        _thread = ack.ThreadId;
        await ShouldCompleteAsync(ack);
        return ack;
    }

    private async Task ShouldCompleteAsync(Ack ack)
    {
        var end = await _client.EndOfAsync(ack);
        _model?.Refused.Should().BeEmpty();
        end.Should().BeOfType<AgentCompleted>("{0}", (end as AgentFailed)?.Message);
    }

    private async Task<Ack> AskAsync(string content, Func<IEnumerable<ServerFrame>, bool>? until = null)
    {
        var ack = await _client.Connection.ChatAsync(content, _thread, "small").Soon();
        if (until is not null)
        {
            await _client.Frames.UntilAsync(frames => until(frames.SkipWhile(frame => frame is not AgentStarted started || started.RunId != ack.RunId)), content);
        }

        return ack;
    }

    /// <summary>The next server finds what was on the disk at this moment.</summary>
    private async Task DieAsync()
    {
        var (from, to) = (_directories[^1], Directory.CreateTempSubdirectory("chat-backend-"));
        _directories.Add(to);
        foreach (var file in from.EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Name != "lock" && !file.Name.EndsWith("-shm", StringComparison.Ordinal)))
        {
            var copy = new FileInfo(Path.Combine(to.FullName, Path.GetRelativePath(from.FullName, file.FullName)));
            copy.Directory!.Create();
            await using var read = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using var write = copy.Create();
            await read.CopyToAsync(write);
        }

        var guest = _client.Guest;
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        _server = new ChatServer(to, WithHangingTool, _settings);
        _client = await _server.ConnectAsync(guest);
        await _client.Connection.FollowAsync(_thread!.Value).Soon();
    }

    private async Task NothingPrivateIsToldAsync(StrictModel model)
    {
        var rest = await _server.RestAsync(_client.Guest);
        await _client.Connection.FollowAsync(_thread!.Value).Soon();
        var told = string.Concat(_client.Frames.All().Select(frame => System.Text.Encoding.UTF8.GetString(WireJson.Encode(frame))))
            + (await rest.GetAsync($"/api/threads/{_thread}/events")).GetRawText() + (await rest.GetAsync($"/api/threads/{_thread}/export")).GetRawText();
        told.Should().Contain("Let me look. ").And.NotContainAny(model.Private);
    }

    private async Task StartAsync((string, string)[] agents)
    {
        _settings = [("Agents:Default", "small"), ("Runs:HistoryEvents", "10000"), .. agents];
        _server = new ChatServer(_directories[0], WithHangingTool, _settings);
        _client = await _server.ConnectAsync();
    }

    private static (string, string)[] Agent(int index, string name, ModelServer provider) =>
    [
        ($"Agents:List:{index}:Name", name), ($"Agents:List:{index}:Endpoint", provider.Endpoint), ($"Agents:List:{index}:Model", name), ($"Agents:List:{index}:Instructions", "Be brief."),
        ($"Agents:List:{index}:Tools:0", "calculator"), ($"Agents:List:{index}:Tools:1", "clock"), ($"Agents:List:{index}:Tools:2", "hang"),
    ];

    private static void WithHangingTool(IServiceCollection services) => services.AddSingleton(ToolRegistration.Of(
        "hang", (CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken), null));
}
