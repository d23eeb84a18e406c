using ChatBackend.Agents;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>Tools that an agent is given when a run starts.</summary>
public sealed class ToolSourceTests
{
    private readonly ScriptedModel _model = new([Call("beta")]);

    [Fact]
    public async Task A_run_has_the_tools_of_its_start_behind_the_agents_own_ordered_by_name()
    {
        var offered = new Offered { Names = ["gamma", "beta"], Context = "The shop is closed." };
        await using var server = Server(offered);
        await using var client = await server.ConnectAsync();

        var first = await client.Connection.ChatAsync("Hi").Soon();
        await client.EndOfAsync(first);
        _model.Tools.Select(tool => tool.Name).Should().Equal("own", "beta", "gamma");
        client.Frames.All().OfType<ToolCompleted>().Single().Result!.Value.GetString().Should().Be("beta of support");
        _model.Requests[0].Select(message => message.Text).Should().Equal("You are kind.\n\nThe shop is closed.", "Hi");

        offered.Names = ["alpha"];
        offered.Context = null;
        await client.EndOfAsync(await client.Connection.ChatAsync("Again", first.ThreadId).Soon());
        _model.Tools.Select(tool => tool.Name).Should().Equal("own", "alpha");
        client.Frames.All().OfType<ToolCompleted>().Last().Error.Should().StartWith("No tool is called beta.");
    }

    [Fact]
    public async Task A_source_that_fails_or_takes_a_name_twice_costs_its_own_tools_only()
    {
        await using var server = new ChatServer(services =>
        {
            services.AddSingleton(new Offered { Names = ["beta"] });
            services.AddChatBackend()
                .AddAgent("support", agent => agent.UseModel(_model).AddTool("own", () => "mine"))
                .AddToolSource<Broken>().AddToolSource<Twice>().AddToolSource<Source>();
        });
        await using var client = await server.ConnectAsync();

        (await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon())).Should().BeOfType<AgentCompleted>();

        _model.Tools.Select(tool => tool.Name).Should().Equal("own", "beta");
        client.Frames.All().OfType<ToolCompleted>().Single().Result!.Value.GetString().Should().Be("beta of support");
    }

    [Fact]
    public async Task A_nested_run_has_the_tools_that_are_given_to_its_agent()
    {
        var researcher = new ScriptedModel([Call("beta")], [Say("Found.")]);
        await using var server = new ChatServer(services =>
        {
            services.AddSingleton(new Offered { Names = ["beta"] });
            services.AddChatBackend()
                .AddAgent("editor", agent => agent.UseModel(new ScriptedModel([Call("researcher", ("task", "Look."))])).AddAgentTool("researcher", "Looks up."))
                .AddAgent("researcher", agent => agent.UseModel(researcher))
                .AddToolSource<Source>();
        });
        await using var client = await server.ConnectAsync();

        await client.EndOfAsync(await client.Connection.ChatAsync("Hi").Soon());

        client.Frames.All().OfType<ToolCompleted>().First().Result!.Value.GetString().Should().Be("beta of researcher");
    }

    private ChatServer Server(Offered offered) => new(services =>
    {
        services.AddSingleton(offered);
        services.AddChatBackend()
            .AddAgent("support", agent =>
            {
                agent.Instructions = "You are kind.";
                agent.UseModel(_model).AddTool("own", () => "mine");
            })
            .AddToolSource<Source>();
    });

    private sealed class Offered
    {
        public IReadOnlyList<string> Names { get; set; } = [];

        public string? Context { get; set; }
    }

    private sealed class Source(Offered offered) : ChatToolSource
    {
        public override ValueTask AddToolsAsync(ChatRunTools tools)
        {
            foreach (var name in offered.Names)
            {
                tools.Add(AIFunctionFactory.Create(() => $"{name} of {tools.Run.Agent}", name));
            }

            if (offered.Context is { } text)
            {
                tools.AddContext(text);
            }

            return ValueTask.CompletedTask;
        }
    }

    private sealed class Broken : ChatToolSource
    {
        public override ValueTask AddToolsAsync(ChatRunTools tools) => throw new InvalidOperationException("Broken.");
    }

    private sealed class Twice : ChatToolSource
    {
        public override ValueTask AddToolsAsync(ChatRunTools tools)
        {
            tools.Add(AIFunctionFactory.Create(() => "first", "delta"));
            tools.Names.Should().Equal("own", "delta");
            tools.Add(AIFunctionFactory.Create(() => "second", "own"));
            return ValueTask.CompletedTask;
        }
    }
}
