using System.ComponentModel;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Client;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Agents;

/// <summary>Tools that an application adds: what they are given, and what of them reaches the clients.</summary>
public sealed class AddedToolTests
{
    [Fact]
    public async Task A_tool_is_given_a_service_of_the_runs_scope_and_its_user_and_the_model_fills_in_the_rest()
    {
        var model = new ScriptedModel([Call("order", ("id", "A1"))]);
        await using var server = new ChatServer(services =>
        {
            SignedIn.Add(services.AddScoped<Orders>());
            services.AddChatBackend().AddAgent("support", agent => agent.UseModel(model).AddTool(
                "order",
                ([Description("The order's number.")] string id, Orders orders, ChatRunContext run, CancellationToken _, int copies = 2) =>
                    new { orders.Number, orders.Run.RunId, id, run.CallId, Tier = run.User.FindFirstValue("tier"), run.UserId, copies },
                tool => tool.Description = "An order of the user."));
        });
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("Where is it?").Soon();
        await client.EndOfAsync(ack);

        var completed = client.Frames.All().OfType<ToolCompleted>().Single();
        completed.Outcome.Should().Be(ToolOutcome.Succeeded, completed.Error);
        var result = completed.Result!.Value;
        (Text(result, "id"), Text(result, "tier"), result.GetProperty("copies").GetInt32(), result.GetProperty("number").GetInt32()).Should().Be(("A1", "gold", 2, 1));
        result.GetRawText().Should().Contain(client.Guest.UserId.Value).And.Contain(ack.RunId!.Value.Value).And.Contain(completed.CallId.Value);
        var shown = model.Tools.OfType<AIFunction>().Single();
        shown.Description.Should().Be("An order of the user.");
        shown.JsonSchema.GetProperty("properties").EnumerateObject().Select(parameter => parameter.Name).Should().Equal("id", "copies");
    }

    [Fact]
    public async Task A_message_that_waited_is_answered_with_the_claims_it_was_sent_with()
    {
        await using var server = new ChatServer(services =>
        {
            SignedIn.Add(services);
            services.AddChatBackend().AddAgent("support", agent => agent.UseModel(new ScriptedModel([Call("tier")])).AddTool("tier", (ChatRunContext run) => run.User.FindFirstValue("tier")));
        });
        await using var client = await server.ConnectAsync();
        var busy = await client.PlayAsync($$"""{"steps":[{"wait_ms":{{ShiftedTime.Gate}}}]}""");
        var waiting = await client.Connection.ChatAsync("And now?", busy.ThreadId, "support").Soon();

        server.Clock.OpenGates();
        var started = await client.Frames.UntilAsync<AgentStarted>(started => started.MessageId == waiting.MessageId);
        await client.EndOfAsync(started.RunId);

        client.Frames.All().OfType<ToolCompleted>().Single().Result!.Value.GetString().Should().Be("gold");
    }

    [Fact]
    public async Task Progress_reaches_every_follower_between_the_begin_and_the_end_of_its_call()
    {
        var followed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ChatServer(services => services.AddChatBackend().AddAgent("support", agent => agent.UseModel(new ScriptedModel([Call("read")])).AddTool(
            "read",
            async (ChatRunContext run) =>
            {
                await followed.Task;
                await run.ReportProgressAsync("half", 0.5);
                await run.ReportProgressAsync(new string('x', 2000));
                return "read";
            })));
        await using var one = await server.ConnectAsync();
        await using var other = await server.ConnectAsync(one.Guest);
        var ack = await one.Connection.ChatAsync("Read it").Soon();
        await one.Frames.UntilAsync<ToolExecuting>();
        await other.Connection.FollowAsync(ack.ThreadId!.Value).Soon();

        followed.SetResult();

        foreach (var client in new[] { one, other })
        {
            await client.EndOfAsync(ack);
            var frames = client.Frames.All().Where(frame => frame is ToolExecuting or ToolProgress or ToolCompleted).ToList();
            frames.First().Should().BeOfType<ToolExecuting>();
            frames.Last().Should().BeOfType<ToolCompleted>();
            var progress = frames.OfType<ToolProgress>().ToList();
            progress.Should().HaveCountGreaterThanOrEqualTo(1).And.AllSatisfy(report => report.Text.Length.Should().BeLessThanOrEqualTo(1000));
            progress[0].Should().BeEquivalentTo(new { ThreadId = ack.ThreadId!.Value, RunId = ack.RunId!.Value, ((ToolExecuting)frames[0]).CallId, Text = "half", Fraction = (double?)0.5 });
        }
    }

    [Fact]
    public async Task Progress_stands_among_the_events_of_a_follower_and_in_its_transcript_while_the_call_lasts()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ChatServer(services => services.AddChatBackend().AddAgent("support", agent => agent.UseModel(new ScriptedModel([Call("read")])).AddTool(
            "read",
            async (ChatRunContext run) =>
            {
                await run.ReportProgressAsync("half", 0.5);
                await seen.Task;
            })));
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Read it").Soon();
        var thread = client.Connection.FollowerOf(ack.ThreadId!.Value);

        using var deadline = Deadline.Source();
        await foreach (var frame in thread.Events(deadline.Token))
        {
            if (frame is ToolProgress)
            {
                break;
            }
        }

        ToolItem Tool() => thread.Transcript.Run(ack.RunId!.Value)!.Items.OfType<ToolItem>().Single();
        Tool().Progress.Should().BeEquivalentTo(new { Text = "half", Fraction = (double?)0.5 });
        seen.SetResult();
        await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon();
        Tool().Progress.Should().BeNull();
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(150, true)]
    public async Task Approval_is_asked_for_where_the_condition_holds(int amount, bool isAsked)
    {
        await using var server = Paying(new ScriptedModel([Call("pay", ("amount", amount))]), ChatToolApproval.When(call => call.Argument<decimal>("amount") > 100));
        await using var client = await server.ConnectAsync();

        var ack = await client.Connection.ChatAsync("Pay").Soon();
        if (isAsked)
        {
            var required = await client.Frames.UntilAsync<ApprovalRequired>();
            client.Frames.All().OfType<ToolExecuting>().Should().BeEmpty();
            await client.Connection.DecideAsync(required, ApprovalDecision.Approve).Soon();
        }

        await client.EndOfAsync(ack);
        client.Frames.All().OfType<ApprovalRequired>().Should().HaveCount(isAsked ? 1 : 0);
        client.Frames.All().OfType<ToolCompleted>().Single().Result!.Value.GetInt32().Should().Be(amount);
    }

    [Fact]
    public async Task A_condition_that_fails_asks_and_a_setting_wins_over_all()
    {
        var broken = ChatToolApproval.When(_ => throw new InvalidOperationException("the condition"));
        await using var server = Paying(new ScriptedModel([Call("pay", ("amount", 1))]), broken);
        await using var client = await server.ConnectAsync();
        await client.Connection.ChatAsync("Pay").Soon();
        await client.Frames.UntilAsync<ApprovalRequired>();

        await using var allowed = Paying(new ScriptedModel([Call("pay", ("amount", 1))]), ChatToolApproval.Always, ("Tools:pay:Approval", "never"));
        await using var payer = await allowed.ConnectAsync();
        await payer.EndOfAsync(await payer.Connection.ChatAsync("Pay").Soon());
        payer.Frames.All().OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Succeeded);
    }

    [Fact]
    public async Task A_stop_cancels_the_tool_and_its_time_limit_gives_it_up()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ChatServer(services => services.AddChatBackend().AddAgent("support", agent => agent
            .UseModel(new ScriptedModel([Call("hurry")], [Call("wait")]))
            .AddTool("hurry", (CancellationToken token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token), tool => tool.Timeout = TimeSpan.FromMilliseconds(50))
            .AddTool("wait", async (ChatRunContext run) =>
            {
                await using var _ = run.CancellationToken.Register(cancelled.SetResult);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, run.CancellationToken);
            })));
        await using var client = await server.ConnectAsync();
        var ack = await client.Connection.ChatAsync("Wait").Soon();
        await client.Frames.UntilAsync<ToolExecuting>(executing => executing.Tool == "wait");

        await client.Connection.StopAsync(ack.ThreadId!.Value).Soon();

        (await client.EndOfAsync(ack)).Should().BeOfType<AgentStopped>();
        await cancelled.Task.Soon();
        client.Frames.All().OfType<ToolCompleted>().Select(tool => (tool.Tool, tool.Outcome)).Should().Equal(("hurry", ToolOutcome.Failed), ("wait", ToolOutcome.Abandoned));
        client.Frames.All().OfType<ToolCompleted>().First().Error.Should().Contain("0.05 s");
    }

    private static string Text(JsonElement json, string member) => json.GetProperty(member).GetString()!;

    private static ChatServer Paying(ScriptedModel model, ChatToolApproval approval, params (string, string)[] settings) => new(
        services => services.AddChatBackend().AddAgent(
            "support", agent => agent.UseModel(model).AddTool("pay", (int amount) => amount, tool => tool.Approval = approval)),
        settings);

    /// <summary>A scoped service of the application, which knows whose run it is in.</summary>
    private sealed class Orders(ChatRunContext run)
    {
        private static int _made;

        public int Number { get; } = Interlocked.Increment(ref _made);

        public ChatRunContext Run => run;
    }

    /// <summary>A sign-in of the application's, which takes guests' tokens and knows more of their users.</summary>
    private sealed class SignedIn(SessionTokens tokens, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        public static void Add(IServiceCollection services)
        {
            new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, SignedIn>("tiers", configureOptions: null);
            services.AddChatBackend().AddSignIn("tiers");
        }

        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            ChatAuthentication.BearerToken(Request) is { } token && tokens.Read(token) is { } session
                ? AuthenticateResult.Success(new AuthenticationTicket(
                    new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, session.User.Value), new Claim("tier", "gold")], "tiers")), Scheme.Name))
                : AuthenticateResult.NoResult());
    }
}
