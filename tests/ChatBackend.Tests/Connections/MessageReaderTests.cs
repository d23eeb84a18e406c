using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text;
using ChatBackend.Connections;

namespace ChatBackend.Tests.Connections;

/// <summary>Messages are read whole, to the byte of their limit, into buffers that are not larger than they need to be and that all go back.</summary>
public sealed class MessageReaderTests : IDisposable
{
    private const int FirstBuffer = 4096;
    private const int Max = 100_000;

    private readonly PlayedSocket _socket = new();
    private readonly MessageReader _reader;

    public MessageReaderTests() => _reader = new MessageReader(_socket, Max);

    public void Dispose() => _reader.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(FirstBuffer)]
    [InlineData(FirstBuffer + 1)]
    [InlineData(Max)]
    public async Task A_message_comes_whole_however_it_is_cut(int length)
    {
        var text = Text(length);
        foreach (var pieces in new[] { 1, 2, 7 })
        {
            foreach (var piece in Cut(text, pieces))
            {
                _socket.Come(piece, isEnd: false);
            }

            _socket.Come([], isEnd: true);

            var (message, closed) = await ReadAsync();

            closed.Should().BeNull();
            Encoding.UTF8.GetString(message.Span).Should().Be(text);
        }
    }

    [Theory]
    [InlineData(Max + 1, 1)]
    [InlineData(Max + 1, 3)]
    [InlineData(3 * Max, 1)]
    public async Task A_message_of_one_byte_too_many_is_refused_and_no_more_than_that_byte_is_read(int length, int pieces)
    {
        foreach (var piece in Cut(Text(length), pieces))
        {
            _socket.Come(piece, isEnd: false);
        }

        (await ReadAsync()).Closed.Should().Be(CloseReason.TooBig);

        _socket.Buffers.Sum(buffer => buffer.Count).Should().Be(Max + 1);
    }

    [Fact]
    public async Task An_empty_message_is_a_message()
    {
        _socket.Come([], isEnd: true);

        var (message, closed) = await ReadAsync();

        (message.Length, closed).Should().Be((0, null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_binary_message_is_refused_also_when_it_is_empty(bool isEmpty)
    {
        _socket.Come(isEmpty ? [] : [1], isEnd: true, WebSocketMessageType.Binary);

        (await ReadAsync()).Closed.Should().Be(CloseReason.BinaryRefused);
    }

    [Theory]
    [InlineData(null, "client_done", 1000)]
    [InlineData(1000, "client_done", 1000)]
    [InlineData(1001, "client_done", 1000)]
    [InlineData(1005, "client_done", 1000)]
    [InlineData(1002, "client_failed", 1002)]
    [InlineData(1006, "client_failed", 1000)]
    [InlineData(1007, "client_failed", 1007)]
    [InlineData(1014, "client_failed", 1014)]
    [InlineData(1015, "client_failed", 1000)]
    [InlineData(2999, "client_failed", 1000)]
    [InlineData(4999, "client_failed", 4999)]
    public async Task A_close_is_answered_with_its_own_code_where_that_may_be_sent(int? code, string name, int answer)
    {
        _socket.ComeClose(code);
        (await ReadAsync()).Closed.Should().Be(new CloseReason(name, answer));

        // Also in the middle of a message.
        _socket.Come("begun", isEnd: false);
        _socket.ComeClose(code);
        (await ReadAsync()).Closed.Should().Be(new CloseReason(name, answer));
    }

    [Fact]
    public async Task A_buffer_begins_small_and_doubles_up_to_the_limit()
    {
        _socket.Come(Text(20_000));
        await ReadAsync();

        Sizes().Should().Equal(4096, 8192, 16384, 32768);

        _socket.Buffers.Clear();
        using var small = new MessageReader(_socket, 1024);
        _socket.Come(Text(1024));
        await small.ReadAsync(await small.WaitAsync());
        Sizes().Should().Equal(1024);
    }

    [Fact]
    public void Every_buffer_goes_back_once_and_none_is_held_while_nothing_comes()
    {
        _socket.Come(Text(FirstBuffer + 1));
        var (message, _) = Now(_reader.ReadAsync(Now(_reader.WaitAsync().AsTask())).AsTask());
        var (first, second) = (_socket.Buffers[0].Array!, ArrayOf(message));
        Rented(first.Length).Should().Contain(first, "the message did not fit into it");
        Rented(second.Length).Should().NotContain(second, "the message is in it");

        var waiting = _reader.WaitAsync().AsTask();

        waiting.IsCompleted.Should().BeFalse();
        Rented(second.Length).Should().Contain(second);
        _reader.Dispose();
        Rented(second.Length).Count(array => array == second).Should().Be(1);
    }

    [Fact]
    public void A_reader_that_ends_in_the_middle_of_a_message_gives_its_buffer_back()
    {
        _socket.Come("begun", isEnd: false);
        var reading = _reader.ReadAsync(Now(_reader.WaitAsync().AsTask())).AsTask();
        var buffer = _socket.Buffers[0].Array!;
        Rented(buffer.Length).Should().NotContain(buffer);

        _reader.Dispose();

        reading.IsCompleted.Should().BeFalse();
        Rented(buffer.Length).Should().Contain(buffer);
    }

    private async Task<(ReadOnlyMemory<byte> Message, CloseReason? Closed)> ReadAsync() => await _reader.ReadAsync(await _reader.WaitAsync());

    private IEnumerable<int> Sizes() => _socket.Buffers.Select(buffer => buffer.Array!.Length).Distinct();

    private static string Text(int length) => string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))));

    private static IEnumerable<string> Cut(string text, int pieces) => text.Chunk((text.Length + pieces - 1) / pieces).Select(piece => new string(piece));

    /// <summary>What the pool has of this size on this thread, handed back in the end.</summary>
    private static List<byte[]> Rented(int length)
    {
        var arrays = Enumerable.Range(0, 64).Select(_ => ArrayPool<byte>.Shared.Rent(length)).ToList();
        arrays.ForEach(array => ArrayPool<byte>.Shared.Return(array));
        return arrays;
    }

    private static byte[] ArrayOf(ReadOnlyMemory<byte> message) => MemoryMarshal.TryGetArray(message, out var array) ? array.Array! : [];

    /// <summary>On this thread, on which the pool hands back what it was given.</summary>
    private static T Now<T>(Task<T> done)
    {
        done.IsCompleted.Should().BeTrue();
        return done.GetAwaiter().GetResult();
    }
}
