using System.Net.WebSockets;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Rest;

/// <summary>A ticket is one connection of its user's, soon or never.</summary>
public sealed class TicketTests
{
    [Fact]
    public async Task A_ticket_is_one_connection_of_who_asked_for_it()
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        var ticket = await TicketAsync(rest);

        await using (var raw = await ConnectAsync(server, ticket))
        {
            (await raw.ReceiveAsync()).GetProperty("user_id").GetString().Should().Be(rest.Guest.UserId.Value);
        }

        (await RefusalAsync(server, $"ticket={ticket}")).Should().Be(401, "it was used");
        (await RefusalAsync(server, $"ticket={await TicketAsync(rest)}&ticket={await TicketAsync(rest)}")).Should().Be(401);
        (await RefusalAsync(server, "ticket=")).Should().Be(401);
        (await RefusalAsync(server, $"ticket={rest.Guest.Token}")).Should().Be(401);
        (await RefusalAsync(server, $"ticket={await TicketAsync(rest)}", ("Authorization", $"Bearer {rest.Guest.Token}"))).Should().Be(401);
        (await RefusalAsync(server, $"ticket={await TicketAsync(rest)}", ("Origin", "https://evil.example"))).Should().Be(403);
    }

    [Fact]
    public async Task A_ticket_lasts_thirty_seconds()
    {
        await using var server = new ChatServer();
        var rest = await server.RestAsync();
        var ticket = await TicketAsync(rest);

        server.Clock.Shift += TimeSpan.FromSeconds(31);

        (await RefusalAsync(server, $"ticket={ticket}")).Should().Be(401);
    }

    [Fact]
    public async Task Of_twenty_uses_at_once_one_is_let_in()
    {
        await using var server = new ChatServer();
        var ticket = await TicketAsync(await server.RestAsync());

        var admitted = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                await using var raw = await ConnectAsync(server, ticket);
                return true;
            }
            catch (WebSocketException)
            {
                return false;
            }
        }));

        admitted.Count(isIn => isIn).Should().Be(1);
    }

    [Fact]
    public async Task A_ticket_stands_in_no_line_of_any_log()
    {
        var lines = new LogLines("");
        await using var server = new ChatServer(
            services => services.AddSingleton(_ => LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(lines))));
        var ticket = await TicketAsync(await server.RestAsync());

        await using (await ConnectAsync(server, ticket))
        {
            (await RefusalAsync(server, $"%74icket={ticket}&other=kept")).Should().Be(401);
        }

        lines.All.Should().Contain(line => line.Contains("/ws", StringComparison.Ordinal));
        lines.All.Should().Contain(line => line.Contains("other=kept", StringComparison.Ordinal), "requests are logged, all but the ticket");
        lines.All.Should().NotContain(line => line.Contains(ticket, StringComparison.Ordinal));
    }

    private static async Task<string> TicketAsync(RestClient rest) =>
        (await rest.JsonAsync(HttpMethod.Post, "/api/tickets")).GetProperty("ticket").GetString()!;

    private static async Task<RawSocket> ConnectAsync(ChatServer server, string ticket)
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new UriBuilder(server.WebSocket) { Query = $"ticket={ticket}" }.Uri, CancellationToken.None).Soon();
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new RawSocket(socket);
    }

    private static async Task<int> RefusalAsync(ChatServer server, string query, params (string Name, string Value)[] headers)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in headers)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        await FluentActions.Awaiting(() => socket.ConnectAsync(new UriBuilder(server.WebSocket) { Query = query }.Uri, CancellationToken.None).Soon())
            .Should().ThrowAsync<WebSocketException>();
        return (int)socket.HttpStatusCode;
    }
}
