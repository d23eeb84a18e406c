using System.Text;
using ChatBackend.Mcp.Transport;
using ChatBackend.Tests.Client;
using Microsoft.Extensions.Time.Testing;

namespace ChatBackend.Tests.Mcp;

/// <summary>What a server sends is bounded while it is read.</summary>
[Trait("failure", "M17")]
public sealed class BoundedStreamTests
{
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData(MessageEnd.Line, "12345678\n12345678\n", true)]
    [InlineData(MessageEnd.Line, "12345678\n1234567890\n", false)]
    [InlineData(MessageEnd.Line, "12345678901", false)]
    [InlineData(MessageEnd.EmptyLine, "a: 1\nb: 2\n\nc: 3\r\nd: 4\r\n\r\n", true)]
    [InlineData(MessageEnd.EmptyLine, "a: 1\nb: 2\nc: 3\n", false)]
    [InlineData(MessageEnd.Stream, "1\n2\n3\n4\n5\n", true)]
    [InlineData(MessageEnd.Stream, "1\n2\n3\n4\n5\n6\n7\n", false)]
    internal async Task A_message_is_as_large_as_it_may_be_or_ends_the_stream(MessageEnd end, string sent, bool isRead)
    {
        await using var stream = new BoundedStream(new MemoryStream(Encoding.UTF8.GetBytes(sent)), end == MessageEnd.EmptyLine ? 14 : 10, end, _clock);
        var read = async () => await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken);

        if (isRead)
        {
            (await read()).Should().Be(sent);
        }
        else
        {
            await read.Should().ThrowAsync<MessageTooLargeException>();
        }
    }

    [Fact]
    public async Task A_server_that_sends_too_many_messages_waits_for_the_next_second()
    {
        var lines = new byte[BoundedStream.MaxMessagesPerSecond * 2];
        lines.AsSpan().Fill((byte)'\n');
        await using var stream = new BoundedStream(new MemoryStream(lines), 10, MessageEnd.Line, _clock);
        var buffer = new byte[BoundedStream.MaxMessagesPerSecond + 1];
        (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().Be(buffer.Length);

        var next = stream.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask();
        next.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(1));

        (await next.Soon()).Should().Be(lines.Length - buffer.Length);
    }
}
