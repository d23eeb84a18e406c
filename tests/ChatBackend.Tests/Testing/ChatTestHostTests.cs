using System.Security.Claims;
using ChatBackend.Agents;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static ChatBackend.Testing.ScriptedModel;

namespace ChatBackend.Tests.Testing;

/// <summary>The package that people test their agents with.</summary>
public sealed class ChatTestHostTests
{
    [Fact]
    public async Task A_user_who_is_named_chats_with_the_added_agent_under_their_claims()
    {
        var model = new ScriptedModel([Say("I look. "), Call("tier")], [Say("You are gold.")]);
        await using var host = await ChatTestHost.StartAsync(
            chat => chat.AddAgent("support", agent => agent.UseModel(model).AddTool("tier", (ChatRunContext run) => $"{run.UserId} {run.User.FindFirstValue("tier")}")),
            cancellationToken: TestContext.Current.CancellationToken).Soon();
        await using var ada = await host.ConnectAsync("ada", new Claim("tier", "gold")).Soon();

        var ack = await ada.ChatAsync("Who am I?").Soon();
        var thread = ada.FollowerOf(ack.ThreadId!.Value);
        (await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon()).Should().BeOfType<AgentCompleted>().Which.Content.Should().Be("You are gold.");

        ((ToolCompleted)await thread.WaitForAsync(threadEvent => threadEvent is ToolCompleted).Soon()).Result!.Value.GetString().Should().Be("ada gold");
        model.Requests.Should().HaveCount(2);
        model.Requests[0].Single().Text.Should().Be("Who am I?");
    }

    [Fact]
    public async Task Each_user_has_threads_of_their_own()
    {
        await using var host = await ChatTestHost.StartAsync(Answering, cancellationToken: TestContext.Current.CancellationToken).Soon();
        await using var ada = await host.ConnectAsync("ada").Soon();
        await using var ben = await host.ConnectAsync("ben").Soon();
        var ack = await ada.ChatAsync("Mine").Soon();

        (await FluentActions.Awaiting(() => ben.FollowAsync(ack.ThreadId!.Value).Soon()).Should().ThrowAsync<ChatErrorException>()).Which.Code.Should().Be(ErrorCode.NotFound);
    }

    [Fact]
    public async Task It_takes_settings_and_endpoints_of_the_application_and_leaves_nothing_behind()
    {
        var host = await ChatTestHost.StartAsync(
            Answering, app => app.MapGet("/mine", () => "mine"), new Dictionary<string, string?> { ["Runs:MaxSteps"] = "7" }, TestContext.Current.CancellationToken).Soon();
        using var http = new HttpClient { BaseAddress = host.Address };
        (await http.GetStringAsync(new Uri("/mine", UriKind.Relative), TestContext.Current.CancellationToken)).Should().Be("mine");
        host.Services.GetRequiredService<IOptions<ChatBackendOptions>>().Value.Runs.MaxSteps.Should().Be(7);
        var data = host.Services.GetRequiredService<IOptions<ChatBackendOptions>>().Value.DataDirectory;
        Directory.Exists(data).Should().BeTrue();

        await host.DisposeAsync();

        Directory.Exists(Path.GetDirectoryName(data)).Should().BeFalse();
    }

    [Fact]
    public async Task A_start_that_fails_says_why() =>
        (await FluentActions.Awaiting(() => ChatTestHost.StartAsync(Answering, settings: new Dictionary<string, string?> { ["Runs:MaxSteps"] = "0" }, cancellationToken: TestContext.Current.CancellationToken).Soon())
            .Should().ThrowAsync<OptionsValidationException>()).Which.Message.Should().Contain("MaxSteps");

    private static void Answering(IChatBackendBuilder chat) => chat.AddAgent("support", agent => agent.UseModel(new ScriptedModel([Say("Hello.")])));
}
