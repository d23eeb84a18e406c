using System.Text;
using ChatBackend.Following;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using ChatBackend.Threads.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

/// <summary>What breaks after a command was acknowledged is not an answer to it: the connection ends, and the client resumes.</summary>
public sealed class AfterTheAckTests
{
    private const string Chat = """{"type":"chat","id":"c1","agent":"script","content":"{\"steps\":[{\"say\":\"hello\"}]}"}""";

    [Theory]
    [InlineData(true, CloseCodes.AtCapacity)]
    [InlineData(false, CloseCodes.Internal)]
    [Trait("failure", "Q4")]
    public async Task An_ack_is_never_followed_by_an_error_under_its_id(bool isTimeout, int code)
    {
        IServiceProvider? provider = null;
        var subscribes = 0;
        await using var server = new ChatServer(services => services.Decorate<IGrainFactory>((_, method, call) =>
            call() is IThreadGrain grain ? ServiceDecoration.Of<IThreadGrain>(grain, (_, called, next) => called switch
            {
                // What is committed comes to this node with a gap, so that the new thread has to be subscribed to once the ack is out.
                nameof(IThreadGrain.Chat) => WithGapAsync((Task<CommandReply>)next()!, provider!.GetRequiredService<ThreadSubscriptions>()),
                nameof(IThreadGrain.Subscribe) when subscribes++ == 0 =>
                    Task.FromException<ThreadSnapshot>(isTimeout ? new TimeoutException() : new InvalidOperationException("The thread could not be subscribed to.")),
                _ => next(),
            }) : call()));
        provider = server.Services;
        var guest = await server.GuestAsync();
        await using var socket = await server.ConnectRawAsync(guest);

        await socket.SendAsync(Chat);
        var ack = await socket.ReceiveAsync();
        var frames = new List<string>();
        try
        {
            while (true)
            {
                frames.Add((await socket.ReceiveAsync()).GetProperty("type").GetString()!);
            }
        }
        catch (InvalidOperationException)
        {
            ((int?)socket.Socket.CloseStatus).Should().Be(code);
        }

        ack.GetProperty("type").GetString().Should().Be("ack");
        frames.Should().NotContain("error");
        await using var again = await server.ConnectRawAsync(guest);
        await again.SendAsync(Chat);
        (await again.ReceiveAsync()).GetProperty("status").GetString().Should().Be("duplicate");
        subscribes.Should().BePositive();
    }

    private static async Task<CommandReply> WithGapAsync(Task<CommandReply> command, ThreadSubscriptions threads)
    {
        var reply = await command;
        await threads.Publish(new ThreadBatch(reply.Thread, [new PublishedItem(new EncodedEvent(99, Encoding.UTF8.GetBytes("event 99"), false), null, 0)], Moved: false));
        return reply;
    }
}
