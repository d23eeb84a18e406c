using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Agents;
using static ChatBackend.Tests.Agents.ModelServer;

namespace ChatBackend.SystemTests.Samples;

/// <summary>The sample of an application with a sign-in of its own, as a process. What it keeps is asserted by GuestInItsHostTests, on the same sample.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task Its_users_chat_below_its_prefix_apart_and_without_a_token_of_ours()
    {
        await using var provider = await StartAsync((context, _) => SendAsync(context, Text("Hello."), Chunk("{}", "\"stop\""), "[DONE]"));
        await using var shop = await ServerProcess.StartAsync(new ServerSettings
        {
            Program = ServerProcess.DllOf("samples", "Host"),
            Prefix = "/assistant",
            Configuration = new Dictionary<string, string> { ["Model"] = provider.Endpoint },
        });
        using var ada = await ConnectAsync(shop, "ada");
        using var ben = await ConnectAsync(shop, "ben");
        (await UntilAsync(ada, "connection_established")).GetProperty("user_id").GetString().Should().Be("ada");
        (await UntilAsync(ben, "connection_established")).GetProperty("user_id").GetString().Should().Be("ben");

        await ada.SendAsync("""{"type":"chat","id":"a1","content":"Hi"}""");
        var thread = (await UntilAsync(ada, "ack")).GetProperty("thread_id").GetString();
        (await UntilAsync(ada, "agent_completed")).GetProperty("content").GetString().Should().Be("Hello.");
        await ben.SendAsync($$"""{"type":"follow","id":"b1","thread_id":"{{thread}}"}""");
        (await UntilAsync(ben, "error")).GetProperty("code").GetString().Should().Be("not_found");

        provider.Requests[0].Body.GetProperty("messages")[0].GetProperty("content").ToString().Should().Be("You help ada, who is signed in at the shop.");
        using var http = Trusting.Client(shop.Http);
        var document = await http.GetFromJsonAsync<JsonElement>(new Uri("/openapi/v1.json", UriKind.Relative)).Soon();
        document.GetProperty("paths").EnumerateObject().Select(path => path.Name).Should().BeEquivalentTo("/sign-in/{user}", "/host/me");
        (await shop.TerminateAsync()).Should().Be(0);
    }

    private static async Task<ClientWebSocket> ConnectAsync(ServerProcess shop, string user)
    {
        using var http = Trusting.Client(shop.Http);
        using var signedIn = await http.PostAsync(new Uri($"/sign-in/{user}", UriKind.Relative), content: null).Soon();
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ChatProtocol.Name);
        socket.Options.SetRequestHeader("Cookie", signedIn.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        await socket.ConnectAsync(shop.WebSocket, CancellationToken.None).Soon();
        return socket;
    }

    private static async Task<JsonElement> UntilAsync(WebSocket socket, string type)
    {
        while (await socket.NextAsync() is { } text)
        {
            if (JsonSerializer.Deserialize<JsonElement>(text) is var frame && frame.GetProperty("type").GetString() == type)
            {
                return frame;
            }
        }

        throw new InvalidOperationException($"The socket closed before {type} came.");
    }
}
