using System.Net.WebSockets;
using System.Text;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Connections;

/// <summary>What a client may not send, through the real socket: the named answer, and a connection that lives on where it should.</summary>
public sealed class WireTests
{
    [Theory]
    [InlineData("", "invalid_json", null)]
    [InlineData("hello", "invalid_json", null)]
    [InlineData("""{"type":"ping","id":"a" """, "invalid_json", null)]
    [InlineData("{} {}", "invalid_json", null)]
    [InlineData("[]", "invalid_frame", null)]
    [InlineData("null", "invalid_frame", null)]
    [InlineData("""{"id":"a"}""", "invalid_frame", "a")]
    [InlineData("""{"type":"","id":"a"}""", "invalid_frame", "a")]
    [InlineData("""{"type":7,"id":"a"}""", "invalid_frame", "a")]
    [InlineData("""{"type":"ping","id":"not an id"}""", "invalid_frame", null)]
    [InlineData("""{"type":"ping","id":""}""", "invalid_frame", null)]
    [InlineData("""{"type":"ping","type":"ping","id":"a"}""", "invalid_frame", "a")]
    [InlineData("""{"type":"chat","content":"hi"}""", "invalid_frame", null)]
    [InlineData("""{"type":"chat","id":"a"}""", "invalid_frame", "a")]
    [InlineData("""{"type":"chat","id":"a","text":"hi"}""", "invalid_frame", "a")]
    [InlineData("""{"type":"chat","id":"a","content":""}""", "invalid_frame", "a")]
    [InlineData("""{"type":"chat","id":"a","content":5}""", "invalid_frame", "a")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","thread_id":null}""", "invalid_frame", "a")]
    [InlineData("""{"type":"chat","id":"a","content":"hi","when_running":"now"}""", "invalid_frame", "a")]
    [InlineData("""{"type":"chat","id":"a","content":"\ud800"}""", "invalid_frame", "a")]
    [InlineData("""{"type":"follow","id":"a","thread_id":"thr_x","after_seq":-1}""", "invalid_frame", "a")]
    [InlineData("""{"type":"stop_agent","id":"a"}""", "unknown_type", "a")]
    [InlineData("""{"type":"user_message","id":"a","content":"hi"}""", "unknown_type", "a")]
    [InlineData("""{"type":"agent_started","id":"a","run_id":"run_x"}""", "unknown_type", "a")]
    [InlineData("""{"type":"ack","id":"a","status":"accepted"}""", "unknown_type", "a")]
    [Trait("failure", "A10")]
    [Trait("failure", "A13")]
    [Trait("failure", "A14")]
    [Trait("failure", "A22")]
    [Trait("failure", "A23")]
    public async Task Malformed_input_gets_its_named_error_and_a_good_message_after_it_works(string message, string code, string? id)
    {
        await using var server = new ChatServer();
        await using var socket = await server.ConnectRawAsync();

        await socket.SendAsync(message);
        var error = await socket.ReceiveAsync();

        error.GetProperty("type").GetString().Should().Be("error");
        error.GetProperty("code").GetString().Should().Be(code);
        (error.TryGetProperty("id", out var repeated) ? repeated.GetString() : null).Should().Be(id);
        await AnswersAsync(socket);
    }

    [Fact]
    [Trait("failure", "A14")]
    public async Task Nesting_is_read_to_a_depth_of_32_and_no_further()
    {
        await using var server = new ChatServer();
        await using var socket = await server.ConnectRawAsync();

        await socket.SendAsync($$"""{"type":"ping","id":"deep","x":{{new string('[', 31)}}{{new string(']', 31)}}}""");
        (await socket.ReceiveAsync()).GetProperty("type").GetString().Should().Be("pong");
        await socket.SendAsync($$"""{"type":"ping","id":"deeper","x":{{new string('[', 32)}}{{new string(']', 32)}}}""");
        var error = await socket.ReceiveAsync();

        error.GetProperty("code").GetString().Should().Be("invalid_frame");
        error.GetProperty("id").GetString().Should().Be("deeper");
        await AnswersAsync(socket);
    }

    [Fact]
    [Trait("failure", "B25")]
    public async Task A_binary_message_closes_with_1003()
    {
        await using var server = new ChatServer();
        await using var socket = await server.ConnectRawAsync();

        await socket.SendAsync([1, 2, 3], WebSocketMessageType.Binary);

        (await socket.ReceiveCloseAsync()).Should().Be(1003);
    }

    [Fact]
    [Trait("failure", "B25")]
    public async Task Text_that_is_not_utf8_closes_with_1007()
    {
        await using var server = new ChatServer();
        await using var socket = await server.ConnectRawAsync();

        await socket.SendAsync([0xff, 0xfe, 0x22]);

        (await socket.ReceiveCloseAsync()).Should().Be(1007);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [Trait("failure", "D28")]
    public async Task A_message_as_long_as_the_published_limit_is_read_and_one_byte_more_closes_with_1009(int fragments)
    {
        await using var server = new ChatServer(("Connections:MaxMessageBytes", "10000"));
        await using var socket = await server.ConnectRawAsync();

        await SendFragmentsAsync(socket, PingOf(10000), fragments);
        (await socket.ReceiveAsync()).GetProperty("type").GetString().Should().Be("pong");
        await SendFragmentsAsync(socket, PingOf(10001), fragments);

        (await socket.ReceiveCloseAsync()).Should().Be(1009);
    }

    [Fact]
    [Trait("failure", "B3")]
    public async Task What_is_sent_before_the_welcome_is_read_is_answered()
    {
        await using var server = new ChatServer();
        var guest = await server.GuestAsync();
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {guest.Token}");
        await socket.ConnectAsync(server.WebSocket, CancellationToken.None);
        await using var raw = new RawSocket(socket);

        await raw.SendAsync("""{"type":"ping","id":"early"}""");

        (await raw.ReceiveAsync()).GetProperty("type").GetString().Should().Be("connection_established");
        (await raw.ReceiveAsync()).GetProperty("id").GetString().Should().Be("early");
    }

    private static string PingOf(int length)
    {
        const string Frame = """{"type":"ping","id":"a","x":""}""";
        return Frame.Insert(Frame.Length - 2, new string('x', length - Frame.Length));
    }

    private static async Task SendFragmentsAsync(RawSocket socket, string message, int fragments)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        var pieces = bytes.Chunk((bytes.Length + fragments - 1) / fragments).ToList();
        for (var i = 0; i < pieces.Count; i++)
        {
            await socket.SendAsync(pieces[i], WebSocketMessageType.Text, isEnd: i == pieces.Count - 1);
        }
    }

    private static async Task AnswersAsync(RawSocket socket)
    {
        await socket.SendAsync("""{"type":"chat","id":"good","agent":"script","content":"{\"steps\":[{\"say\":\"fine\"}]}"}""");
        while (true)
        {
            var frame = await socket.ReceiveAsync();
            frame.GetProperty("type").GetString().Should().NotBe("error");
            if (frame.GetProperty("type").GetString() == "agent_completed")
            {
                frame.GetProperty("content").GetString().Should().Be("fine");
                return;
            }
        }
    }
}
