using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.Logs;

/// <summary>What an operator reads: every connection and every run by its ids, nobody's words and nobody's secrets.</summary>
public sealed partial class LogTests
{
    private const string Canary = "canary-4711";

    [Fact]
    [Trait("failure", "A20")]
    public async Task Each_connection_has_one_line_when_it_opens_and_one_that_says_how_it_ended()
    {
        await using var server = await StartAsync();
        var guest = await server.GuestAsync();
        var wanted = new Dictionary<string, (string Reason, int Received, int Sent)>
        {
            [await ConnectionAsync(server, guest, socket => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None))] = ("client_done", 2, 3),
            [await ConnectionAsync(server, guest, socket => Task.Run(socket.Abort))] = ("peer_vanished", 2, 3),
            [await ConnectionAsync(server, guest, socket => socket.SendAsync(new byte[] { 1 }, WebSocketMessageType.Binary, true, CancellationToken.None))] = ("binary_refused", 2, 3),
            [await ConnectionAsync(server, guest, socket => socket.SendAsync(new byte[300_000], WebSocketMessageType.Text, true, CancellationToken.None))] = ("too_big", 2, 3),
        };
        await server.UntilMetricAsync("chat_connections", 0);
        await server.TerminateAsync();

        var lines = Lines(server).Where(line => line.Source == "ChatBackend.Connections.ChatEndpoint").ToList();
        lines.Should().HaveCount(2 * wanted.Count).And.OnlyContain(line => line.Text("User") == guest.UserId.Value);
        foreach (var (connection, (reason, received, sent)) in wanted)
        {
            var life = lines.Where(line => line.Text("Connection") == connection).ToList();
            life.Should().HaveCount(2);
            life[0].Message.Should().StartWith("Connection opened");
            life[1].Message.Should().StartWith("Connection closed");
            life[1].Text("Reason").Should().Be(reason);
            life[1].Number("Received").Should().Be(received);
            life[1].Number("Sent").Should().Be(sent);
            life[1].Number("Seconds").Should().BeGreaterThan(0);
        }
    }

    [Fact]
    public async Task Each_run_has_one_line_when_it_starts_and_one_when_it_ends_with_user_thread_and_run()
    {
        await using var server = await StartAsync();
        var guest = await server.GuestAsync();
        await using var client = await server.ConnectAsync(guest);
        var acks = new Dictionary<string, Ack>
        {
            ["completed"] = await client.ChatAsync(Scenario.Of(Scenario.Say("fine")), agent: Scenario.Agent).Soon(),
            ["failed"] = await client.ChatAsync(Scenario.Of(Scenario.Crash("as the script wants")), agent: Scenario.Agent).Soon(),
            ["stopped"] = await client.ChatAsync(Scenario.Of(Scenario.Wait(60_000)), agent: Scenario.Agent).Soon(),
        };
        await client.StopAsync(acks["stopped"].ThreadId!.Value).Soon();
        foreach (var ack in acks.Values)
        {
            await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();
        }

        await server.UntilMetricAsync("chat_runs", 0);
        await server.TerminateAsync();
        foreach (var (outcome, ack) in acks)
        {
            var life = Lines(server).Where(line => line.Text("Run") == ack.RunId!.Value.Value && line.Message.StartsWith("Run ", StringComparison.Ordinal) && line.Level is null).ToList();
            life.Should().HaveCount(2).And.OnlyContain(line => line.Text("User") == guest.UserId.Value && line.Text("Thread") == ack.ThreadId!.Value.Value);
            life[0].Message.Should().StartWith("Run started");
            life[1].Message.Should().StartWith("Run ended");
            life[1].Text("Outcome").Should().Be(outcome);
        }
    }

    [Fact]
    public async Task A_developer_reads_the_same_ids_at_the_end_of_the_line()
    {
        await using var server = await ServerProcess.StartAsync(ServerSettings.Scripted);
        var guest = await server.GuestAsync();
        var client = await server.ConnectAsync(guest);
        var ack = await client.ChatAsync(Scenario.Of(Scenario.Say("fine")), agent: Scenario.Agent).Soon();
        await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();
        await client.CloseAsync();
        await server.UntilMetricAsync("chat_connections", 0);
        await server.TerminateAsync();

        var lines = server.Log.Split('\n');
        lines.Should().ContainSingle(line => Opened().IsMatch(line)).Which.Should().Contain(guest.UserId.Value);
        lines.Should().ContainSingle(line => Closed().IsMatch(line)).Which.Should().Contain(guest.UserId.Value);
        lines.Where(line => line.Contains("Run started", StringComparison.Ordinal) || line.Contains("Run ended", StringComparison.Ordinal))
            .Should().HaveCount(2).And.OnlyContain(line =>
                line.Contains(guest.UserId.Value, StringComparison.Ordinal)
                && line.Contains(ack.ThreadId!.Value.Value, StringComparison.Ordinal)
                && line.Contains(ack.RunId!.Value.Value, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Production", "Information")]
    [InlineData("Production", "Debug")]
    [InlineData("Development", "Debug")]
    [Trait("failure", "A20")]
    [Trait("failure", "N11")]
    public async Task What_people_say_and_what_they_prove_themselves_with_is_never_in_the_log(string environment, string level)
    {
        await using var server = await StartAsync(environment, level);
        var guest = await server.GuestAsync();
        var client = await server.ConnectAsync(guest);
        var ack = await client.ChatAsync(
            Scenario.Of(Scenario.Think(Canary), Scenario.Tool("look", text: Canary), Scenario.Tool("fail", fail: true, text: Canary), Scenario.Say(Canary, chunks: 3, everyMs: 5)),
            agent: Scenario.Agent).Soon();
        var answer = (AgentCompleted)await client.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();
        await client.GiveFeedbackAsync(ack.ThreadId!.Value, answer.MessageId, FeedbackRating.Down, Canary).Soon();
        await Assert.ThrowsAsync<ChatErrorException>(() => client.GiveFeedbackAsync(ack.ThreadId!.Value, answer.MessageId, FeedbackRating.Down, Canary + new string('n', 2000)).Soon());
        var broken = await client.ChatAsync(Canary, ack.ThreadId, Scenario.Agent).Soon();
        await client.FollowerOf(ack.ThreadId!.Value).WaitForAnswerAsync(broken.MessageId!.Value).Soon();
        await client.AuthenticateAsync(guest.Token).Soon();
        await Assert.ThrowsAsync<ChatErrorException>(() => client.AuthenticateAsync(Canary).Soon());
        await client.CloseAsync();
        using (var socket = await server.OpenAsync(guest))
        {
            await socket.SendAsync("{\"type\":\"" + Canary + "\"}");
            await socket.SendAsync("{\"" + Canary);
            (await socket.NextAsync()).Should().Contain("connection_established");
            (await socket.NextAsync()).Should().Contain("unknown_type");
            (await socket.NextAsync()).Should().Contain("invalid_json");
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, Canary, CancellationToken.None).Soon();
        }

        using (var socket = new ClientWebSocket())
        {
            socket.Options.SetRequestHeader("Cookie", "chat_session=" + guest.Token);
            socket.Options.SetRequestHeader("Origin", server.Http.GetLeftPart(UriPartial.Authority));
            await socket.ConnectAsync(server.WebSocket, CancellationToken.None).Soon();
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
        }

        await RefusedAsync(server, "Authorization", "Bearer " + Canary);
        await RefusedAsync(server, "Cookie", "chat_session=" + Canary);
        await RefusedAsync(server, "Sec-WebSocket-Protocol", $"chat.v1, bearer.{Canary}");
        await server.UntilMetricAsync("chat_connections", 0);
        (await server.TerminateAsync()).Should().Be(0);

        server.Log.Should().Contain("Connection closed").And.NotContain(Canary).And.NotContain(guest.Token);
        if (environment != "Development")
        {
            Lines(server).Should().NotBeEmpty();
        }
    }

    private static Task<ServerProcess> StartAsync(string environment = "Production", string level = "Information") =>
        ServerProcess.StartAsync(new ServerSettings
        {
            Environment = environment,
            Configuration = new Dictionary<string, string>
            {
                ["Agents:Script:Enabled"] = "true",
                ["Guests:Enabled"] = "true",
                ["Serilog:MinimumLevel:Default"] = level,
            },
        });

    /// <summary>A connection that sends two frames, is sent three, and then ends as the test wants.</summary>
    /// <returns>Its id.</returns>
    private static async Task<string> ConnectionAsync(ServerProcess server, GuestSession guest, Func<ClientWebSocket, Task> end)
    {
        using var socket = await server.OpenAsync(guest);
        using var established = JsonDocument.Parse((await socket.NextAsync())!);
        await socket.SendAsync("""{"type":"ping"}""");
        await socket.SendAsync("""{"type":"ping"}""");
        (await socket.NextAsync()).Should().Contain("pong");
        (await socket.NextAsync()).Should().Contain("pong");
        await end(socket).Soon();
        while (socket.State == WebSocketState.Open && await socket.NextAsync() is not null)
        {
        }

        return established.RootElement.GetProperty("connection_id").GetString()!;
    }

    private static async Task RefusedAsync(ServerProcess server, string header, string value)
    {
        using var http = Trusting.Client(server.Http);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/ws");
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
        request.Headers.TryAddWithoutValidation(header, value).Should().BeTrue();
        using var response = await http.SendAsync(request).Soon();
        ((int)response.StatusCode).Should().BeInRange(401, 403);
    }

    /// <summary>Every line of a log that is one JSON object a line; a line that is none fails.</summary>
    private static List<LogLine> Lines(ServerProcess server) =>
        [.. server.Log.Split('\n').Select(line => new LogLine(JsonDocument.Parse(line).RootElement))];

    [GeneratedRegex("Connection opened.* con_")]
    private static partial Regex Opened();

    [GeneratedRegex(@"Connection closed: client_done \(1000\) after \d+\.\d s, 1 received, \d+ sent con_")]
    private static partial Regex Closed();

    private sealed record LogLine(JsonElement Json)
    {
        public string Message => Text("@m")!;

        /// <summary>Null for information.</summary>
        public string? Level => Text("@l");

        public string? Source => Text("SourceContext");

        public string? Text(string name) => Json.TryGetProperty(name, out var value) ? value.ToString() : null;

        public double Number(string name) => double.Parse(Text(name)!, CultureInfo.InvariantCulture);
    }
}
