using System.Net;
using ChatBackend.Client;
using ChatBackend.Protocol;

namespace ChatBackend.SystemTests.FirstSight;

/// <summary>What a newcomer sees first: the demo over wss, and a second copy beside it.</summary>
public sealed class DemoTests
{
    private static readonly ServerSettings Tls = new() { Urls = "http://127.0.0.1:0;https://127.0.0.1:0" };

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    [Trait("failure", "D16")]
    [Trait("failure", "D17")]
    public async Task The_demo_tells_the_time_in_Tokyo_event_by_event(string version)
    {
        await using var server = await ServerProcess.StartAsync(Tls);
        server.WebSocket.Scheme.Should().Be("wss");
        var guest = await server.GuestAsync();
        var frames = new Recorded();
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            SslOptions = new() { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
        });
        await using var client = await ChatConnection.ConnectAsync(new ChatConnectionOptions
        {
            Uri = server.WebSocket,
            Token = _ => ValueTask.FromResult(guest.Token),
            Invoker = invoker,
            ConfigureSocket = socket => (socket.HttpVersion, socket.HttpVersionPolicy) = (Version.Parse(version), HttpVersionPolicy.RequestVersionExact),
            OnFrame = frames.Add,
        }).Soon();

        var ack = await client.ChatAsync("What time is it in Tokyo?").Soon();
        var thread = client.FollowerOf(ack.ThreadId!.Value);
        var end = await thread.WaitForRunEndAsync(ack.RunId!.Value).Soon();
        await thread.WaitForAsync(threadEvent => threadEvent is ThreadRenamed).Soon();

        var names = frames.All.Select(frame => frame.GetType().Name).ToList();
        names.Distinct().Should().Equal(
            "ConnectionEstablished", "Ack", "UserMessage", "AgentStarted", "ToolExecuting", "ToolCompleted", "AgentDelta", "AgentCompleted", "ThreadRenamed");
        names.Where(name => name != "AgentDelta").Should().OnlyHaveUniqueItems();
        frames.All.OfType<ToolCompleted>().Single().Outcome.Should().Be(ToolOutcome.Succeeded);
        string.Concat(frames.All.OfType<AgentDelta>().Select(delta => delta.Text)).Should().Be(((AgentCompleted)end).Content).And.Contain("Tokyo");
    }

    [Fact]
    [Trait("failure", "C9")]
    public async Task A_second_copy_runs_beside_the_first_and_neither_takes_the_others_tokens()
    {
        await using var first = await ServerProcess.StartAsync(Tls);
        await using var second = await ServerProcess.StartAsync(Tls);
        var guest = await first.GuestAsync();
        await using var here = await first.ConnectAsync(guest);
        var there = () => second.ConnectAsync(guest);

        (await there.Should().ThrowAsync<ChatConnectException>()).Which.Status.Should().Be(HttpStatusCode.Unauthorized);
        await using var own = await second.ConnectAsync(await second.GuestAsync());
        await here.PingAsync().Soon();
        await own.PingAsync().Soon();
    }

    [Fact]
    [Trait("failure", "C12")]
    public async Task A_token_and_a_thread_outlive_a_restart()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            var settings = new ServerSettings { DataDirectory = data.FullName };
            var server = await ServerProcess.StartAsync(settings);
            var guest = await server.GuestAsync();
            await using var before = await server.ConnectAsync(guest);
            var ack = await before.ChatAsync("What is 6 * 7?").Soon();
            await before.FollowerOf(ack.ThreadId!.Value).WaitForRunEndAsync(ack.RunId!.Value).Soon();
            before.Abort();
            (await server.TerminateAsync()).Should().Be(0);
            await server.DisposeAsync();

            await using var again = await ServerProcess.StartAsync(settings);
            await using var after = await again.ConnectAsync(guest);
            var events = await after.EventsAsync(ack.ThreadId!.Value);

            events.OfType<AgentCompleted>().Single().Content.Should().Contain("42");
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Two_processes_never_share_a_data_directory()
    {
        await using var first = await ServerProcess.StartAsync();
        await using var second = ServerProcess.Launch(new ServerSettings { DataDirectory = first.DataDirectory });

        (await second.ExitAsync()).Should().Be(1);
        second.Log.Should().Contain("in use by another process");
    }
}
