using ChatBackend.Agents;
using ChatBackend.Demo;
using ChatBackend.Protocol;
using ChatBackend.Runs;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>Agents that an application adds in code, as a client of it sees them.</summary>
public sealed class AddedAgentTests
{
    [Fact]
    public async Task An_added_agent_answers_who_names_none_and_stands_beside_those_of_configuration()
    {
        var model = new ScriptedModel([new TextContent("Hello Ada")]);
        await using var server = new ChatServer(
            services => services.AddChatBackend().AddAgent("support", agent =>
            {
                agent.UseModel(model);
                agent.Instructions = "Be kind.";
                agent.UseInstructions(run => $"The user is {run.UserId}.");
                agent.Description = "Knows your orders.";
                agent.Suggestions.Add("Where is my order?");
            }));
        await using var client = await server.ConnectAsync();

        var end = await client.EndOfAsync(await client.Connection.ChatAsync("Hello").Soon());

        end.Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("Hello Ada");
        client.Frames.All().OfType<AgentStarted>().Single().Agent.Should().Be("support");
        model.Requests.Single().Select(message => message.Text).Should().Equal($"Be kind.\n\nThe user is {client.Guest.UserId}.", "Hello");
        var greeting = client.Frames.All().OfType<ConnectionEstablished>().Single();
        greeting.Agents.Should().Equal("support", "demo", "script");
        greeting.AgentDetails.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Agent = "support", Description = "Knows your orders.", Suggestions = new[] { "Where is my order?" } });
        (await (await server.RestAsync(client.Guest)).GetAsync("/api/agents")).GetRawText().Should().Be(
            """{"agents":[{"name":"support","description":"Knows your orders.","suggestions":["Where is my order?"]},{"name":"demo"},{"name":"script"}]}""");
    }

    [Fact]
    public async Task An_agent_has_the_applications_model_or_the_one_of_its_key()
    {
        var (one, other) = (new ScriptedModel([new TextContent("one")]), new ScriptedModel([new TextContent("other")]));
        await using var server = new ChatServer(services =>
        {
            services.AddSingleton<IChatClient>(one);
            services.AddKeyedSingleton<IChatClient>("large", other);
            services.AddChatBackend().AddAgent("small", _ => { }).AddAgent("large", agent => agent.UseKeyedModel("large"));
        });
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("Hi", agent: "small").Soon())).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("one");
        (await client.EndOfAsync(await client.Connection.ChatAsync("Hi", agent: "large").Soon())).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("other");
        client.Frames.All().OfType<ConnectionEstablished>().Single().Agents.Should().Equal("small", "large", "demo", "script");
    }

    [Fact]
    public async Task An_agents_own_limits_win_over_those_of_every_run()
    {
        AIContent[] again = [Call("clock")];
        await using var server = new ChatServer(services => services.AddChatBackend()
            .AddAgent("short", agent =>
            {
                agent.UseModel(new ScriptedModel(again, again, again)).UseTool("clock");
                agent.MaxSteps = 2;
            })
            .AddAgent("brief", agent =>
            {
                agent.UseModel(new ScriptedModel([new TextContent("12345")], [new TextContent("6")]));
                agent.MaxOutputCharacters = 4;
            })
            .AddAgent("quick", agent =>
            {
                agent.UseModel(new ScriptedModel([Call("wait")])).AddTool("wait", (CancellationToken cancelled) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancelled));
                agent.Timeout = TimeSpan.FromMilliseconds(200);
            }));
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("Hi", agent: "short").Soon())).Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.Budget);
        client.Frames.All().OfType<ToolCompleted>().Should().HaveCount(2);
        (await client.EndOfAsync(await client.Connection.ChatAsync("Hi", agent: "brief").Soon())).Should().BeOfType<AgentStopped>().Which.Reason.Should().Be(StopReason.Budget);
        (await client.EndOfAsync(await client.Connection.ChatAsync("Hi", agent: "quick").Soon())).Should().BeOfType<AgentFailed>().Which.Code.Should().Be(RunFailure.Timeout);
    }

    [Fact]
    public async Task What_does_not_fit_together_ends_the_start_with_a_sentence()
    {
        (await Starting(chat => chat.AddAgent("demo", Any).AddDemo(new ConfigurationBuilder().Build())).Should().ThrowAsync<OptionsValidationException>()).WithMessage("*more than one agent called demo*");
        (await Starting(chat => chat.AddAgent("one", Any).AddAgent("One", Any)).Should().ThrowAsync<OptionsValidationException>()).WithMessage("*more than one agent called one*");
        (await Starting(chat => chat.AddAgent("one", Any), ("Agents:Default", "other")).Should().ThrowAsync<OptionsValidationException>()).WithMessage("*Default is other*one*");
        (await Starting(chat => chat.AddAgent("one", _ => { })).Should().ThrowAsync<InvalidOperationException>()).WithMessage("The agent one has no model*");
        (await Starting(chat => chat.AddAgent("one", agent => Any(agent.UseTool("shell")))).Should().ThrowAsync<InvalidOperationException>()).WithMessage("*one uses the tool shell*search_threads*");
        (await Starting(chat => chat.AddAgent("one", agent => Any(agent.UseTool("search_threads").UseTool("search_threads")))).Should().ThrowAsync<InvalidOperationException>()).WithMessage("*one has more than one tool called search_threads*");
        (await Starting(chat => chat.AddAgent("one", agent => Any(agent.AddAgentTool("two", "Helps.")))).Should().ThrowAsync<InvalidOperationException>()).WithMessage("The agent one calls the agent two*");
        (await Starting(chat => chat.AddAgent("one", Any).AddTool("search_threads", () => "noon")).Should().ThrowAsync<InvalidOperationException>()).WithMessage("More than one tool is called search_threads*");
        (await Starting(chat => chat.AddAgent("one", agent => agent.UseModel(new ScriptedModel().AsBuilder().UseFunctionInvocation().Build())))
            .Should().ThrowAsync<InvalidOperationException>()).WithMessage("*UseFunctionInvocation*");

        static void Any(ChatAgentBuilder agent) => agent.UseModel(new ScriptedModel());
    }

    [Fact]
    public void What_cannot_be_is_refused_where_it_is_said()
    {
        var chat = new ServiceCollection().AddChatBackend();

        chat.Invoking(builder => builder.AddAgent("two words", _ => { })).Should().Throw<ArgumentException>().WithMessage("*two words*");
        chat.Invoking(builder => builder.AddTool("a/b", () => 1)).Should().Throw<ArgumentException>().WithMessage("*a/b*");
        chat.Invoking(builder => builder.AddTool("pay", () => 1, tool => tool.Timeout = TimeSpan.Zero)).Should().Throw<ArgumentException>().WithMessage("*time limit*");
        chat.Invoking(builder => builder.AddAgent("one", agent => agent.MaxSteps = 0)).Should().Throw<InvalidOperationException>().WithMessage("MaxSteps of the agent one is 0*");
        chat.Invoking(builder => builder.AddAgent("one", agent => agent.UseEndpoint("localhost:1", "m"))).Should().Throw<ArgumentException>().WithMessage("*absolute*");
    }

    [Fact]
    public async Task Code_wins_over_configuration_and_a_second_call_adds_to_the_first()
    {
        await using var server = new ChatServer(
            services =>
            {
                var hosted = services.Count(service => service.ServiceType == typeof(IHostedService));
                services.AddChatBackend(options => (options.Runs.MaxSteps, options.Connections.MaxFollowedThreads) = (7, 8));
                services.AddChatBackend(options => options.Connections.MaxFollowedThreads = 9);
                services.Count(service => service.ServiceType == typeof(IHostedService)).Should().Be(hosted);
            },
            ("Runs:MaxSteps", "5"), ("Runs:HistoryEvents", "12"));
        await using var client = await server.ConnectAsync();

        server.Services.GetRequiredService<IOptions<RunOptions>>().Value.Should().BeEquivalentTo(new { MaxSteps = 7, HistoryEvents = 12 });
        server.Services.GetRequiredService<IOptions<RunOptions>>().Value.Should().BeSameAs(server.Services.GetRequiredService<IOptions<ChatBackendOptions>>().Value.Runs);
        client.Frames.All().OfType<ConnectionEstablished>().Single().Limits.MaxFollowedThreads.Should().Be(9);
    }

    [Fact]
    public async Task A_setting_in_code_is_held_to_the_same_bounds() =>
        (await Starting(chat => chat.AddDemo(new ConfigurationBuilder().Build()), options => options.Runs.MaxSteps = 0).Should().ThrowAsync<OptionsValidationException>()).WithMessage("*MaxSteps*");

    /// <summary>A host with nothing but the chat backend.</summary>
    private static Func<Task> Starting(Action<IChatBackendBuilder> add, params (string Key, string Value)[] settings) => Starting(add, _ => { }, settings);

    private static Func<Task> Starting(Action<IChatBackendBuilder> add, Action<ChatBackendOptions> configure, params (string Key, string Value)[] settings) => async () =>
    {
        using var data = new TestData();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings.Append(("urls", "http://127.0.0.1:0")).Select(setting => KeyValuePair.Create(setting.Item1, (string?)setting.Item2)));
        add(builder.Services.AddChatBackend(options => options.DataDirectory = data.Path));
        builder.Services.AddChatBackend(configure);
        await using var app = builder.Build();
        app.MapChatBackend();
        await app.StartAsync(TestContext.Current.CancellationToken);
        await app.StopAsync(TestContext.Current.CancellationToken);
    };

    private sealed class TestData : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-added-");

        public string Path => _directory.FullName;

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
