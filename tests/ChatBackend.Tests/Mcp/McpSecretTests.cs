using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using static ChatBackend.Testing.ScriptedModel;
using static ChatBackend.Tests.Mcp.PlayedMcpServer;

namespace ChatBackend.Tests.Mcp;

/// <summary>Secrets that an MCP server was given, planted in all places where it can repeat them.</summary>
[Trait("failure", "M18")]
public sealed class McpSecretTests
{
    private const string Key = "key-7f3a9c!\"é";
    private const string UsersToken = "users-token-51c2";
    private const string Access = "access-token-d0e8";
    private const string Refresh = "refresh-token-b7a1";
    private const string ClientSecret = "client-secret-93d4";

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task No_secret_that_a_server_repeats_is_in_a_log_an_event_or_an_error()
    {
        await using var server = await StartAsync();
        var all = $"{Key} {UsersToken} plain-4711";
        server.Tools = [Tool("tell", true, $"Tells {all}"), Tool("fail", true), Tool("refuse", true), Tool("drop", true), Tool(UsersToken, true)];
        var told = new TaskCompletionSource();
        server.OnCall = async call =>
        {
            switch (call.Tool)
            {
                case "fail":
                    var failed = Text($"Failed with {all}");
                    failed["isError"] = true;
                    return failed;
                case "refuse":
                    await call.AnswerAsync(new JsonObject { ["error"] = new JsonObject { ["code"] = -32000, ["message"] = $"Refused {all}" } });
                    return null;
                case "drop":
                    call.Http.Response.StatusCode = StatusCodes.Status500InternalServerError;
                    await call.Http.Response.WriteAsync($"Broken by {all}");
                    return null;
                default:
                    await call.SendAsync(new JsonObject
                    {
                        ["method"] = "notifications/progress",
                        ["params"] = new JsonObject { ["progressToken"] = call.Parameter("_meta")!["progressToken"]!.DeepClone(), ["progress"] = 1, ["message"] = $"With {all}" },
                    });
                    await told.Task.Soon();
                    await call.SendAsync(new JsonObject
                    {
                        ["id"] = call.Message["id"]!.DeepClone(),
                        ["result"] = new JsonObject
                        {
                            ["content"] = new JsonArray(
                                new JsonObject { ["type"] = "text", ["text"] = $"Told {all} {JsonSerializer.Serialize(Key)} {Uri.EscapeDataString(Key)}" },
                                new JsonObject { ["type"] = "resource_link", ["uri"] = $"x://{UsersToken}", ["name"] = UsersToken }),
                            ["structuredContent"] = new JsonObject { [UsersToken] = new JsonArray(UsersToken) },
                        },
                    });
                    return null;
            }
        };
        var model = new ScriptedModel([Call("tell"), Call("fail"), Call("refuse")], [Call("drop")]);
        await using var host = await McpHost.StartAsync(
            model,
            server,
            options =>
            {
                options.HeadersFrom["X-Key"] = "PLAYED_KEY";
                options.Headers["X-Plain"] = "plain-4711";
                options.HeadersFor = run => ValueTask.FromResult<IReadOnlyDictionary<string, string>?>(new Dictionary<string, string> { ["Authorization"] = $"Bearer {run.User.FindFirstValue("token")}" });
            },
            ("PLAYED_KEY", Key));
        await using var ada = await host.ConnectAsync("ada", new Claim("token", UsersToken));

        var ack = await ada.ChatAsync("Hi", agent: "helper").Soon();
        (await host.Frames.UntilAsync<ToolProgress>()).Text.Should().Be("With *** *** ***");
        told.SetResult();
        (await host.EndOfAsync(ack)).Should().BeOfType<AgentCompleted>();

        server.Received.Last(request => request.Tool == "drop").Headers.Should().Contain("Authorization", $"Bearer {UsersToken}").And.Contain("X-Plain", "plain-4711");
        host.ResultOf("tell").Should().Contain("Told *** *** ***");
        host.Completed("fail").Error.Should().Be("Failed with *** *** ***");
        host.Completed("refuse").Error.Should().EndWith("Refused *** *** ***");
        host.Completed("drop").Error.Should().Contain("500");
        host.Log.Text.Should().Contain("a tool is left out: its name holds a secret");
        foreach (var secret in new[] { Key, UsersToken, "plain-4711", Uri.EscapeDataString(Key) })
        {
            Said(host).Should().NotContain(secret);
            string.Concat(model.Tools.Select(tool => $"{tool.Name} {tool.Description}")).Should().NotContain(secret);
        }
    }

    [Fact]
    public async Task Tokens_of_OAuth_are_fetched_sent_and_told_to_nobody()
    {
        await using var authority = await PlayedAuthority.StartAsync(ClientSecret, Access, Refresh);
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true)];
        server.OnRequest = async request =>
        {
            if (request.Headers.GetValueOrDefault("Authorization") == $"Bearer {Access}")
            {
                return false;
            }

            authority.Refuse(request, server);
            await request.Http.Response.WriteAsync($"Not {Access}");
            return true;
        };
        server.OnCall = call => Task.FromResult<JsonNode?>(Text($"I was sent {call.Headers["Authorization"]}, and know {Refresh} and {ClientSecret}."));
        await using var host = await McpHost.StartAsync(
            new ScriptedModel([Call("dig")]),
            server,
            options => options.OAuth = new McpOAuthOptions
            {
                ClientId = "chat",
                ClientSecretFrom = "OAUTH_SECRET",
                Authorize = authority.SignInAsync,
            },
            ("OAUTH_SECRET", ClientSecret));
        await using var ada = await host.ConnectAsync();

        await host.RunAsync(ada);

        host.ResultOf("dig").Should().Contain("I was sent Bearer ***, and know *** and ***.");
        foreach (var secret in new[] { Access, Refresh, ClientSecret })
        {
            Said(host).Should().NotContain(secret);
        }
    }

    [Fact]
    public async Task A_server_that_wants_a_person_to_sign_in_is_not_available_and_the_log_says_what_to_do()
    {
        await using var authority = await PlayedAuthority.StartAsync(ClientSecret, Access, Refresh);
        await using var server = await StartAsync();
        server.OnRequest = request =>
        {
            authority.Refuse(request, server);
            return Task.FromResult(true);
        };
        await using var host = await McpHost.StartAsync(new ScriptedModel(), server, options => options.OAuth = new McpOAuthOptions { ClientId = "chat" });

        (await host.Log.UntilAsync(line => line.Contains("MCP server played is not available", StringComparison.Ordinal)).Soon()).Should().Contain("OAuth.Authorize");
    }

    private static string Said(McpHost host) =>
        host.Log.Text + string.Concat(host.Frames.All().Select(frame => JsonSerializer.Serialize(frame, Readable)));
}
