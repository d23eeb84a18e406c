using System.Buffers.Binary;
using System.Text;
using ChatBackend.Tests.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Tests.Telemetry;

/// <summary>A span as an OpenTelemetry collector gets it.</summary>
internal sealed record Span(string TraceId, string SpanId, string ParentId, string Name, bool IsError, IReadOnlyDictionary<string, string> Tags)
{
    public string? this[string tag] => Tags.GetValueOrDefault(tag);
}

/// <summary>An OpenTelemetry collector that keeps every span it gets, by OTLP over HTTP.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<Span> _spans = [];
    private readonly SemaphoreSlim _came = new(0);

    private OtlpCollector(WebApplication app) => _app = app;

    public string Endpoint => _app.Urls.Single();

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new OtlpCollector(builder.Build());
        collector._app.MapPost("/v1/traces", collector.TakeAsync);
        await collector._app.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    /// <summary>Ends once the spans that have come are those that a test waits for.</summary>
    public async Task<IReadOnlyList<Span>> UntilAsync(Func<IReadOnlyList<Span>, bool> areAll)
    {
        using var deadline = Deadline.Source();
        while (true)
        {
            IReadOnlyList<Span> spans;
            lock (_spans)
            {
                spans = [.. _spans];
            }

            if (areAll(spans))
            {
                return spans;
            }

            try
            {
                await _came.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Only these spans came: {string.Join(", ", spans.Select(span => span.Name))}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _came.Dispose();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var spans =
            from resource in Fields(body.ToArray()) where resource.Number == 1
            from scope in Fields(resource.Bytes) where scope.Number == 2
            from span in Fields(scope.Bytes) where span.Number == 2
            select SpanOf(span.Bytes);
        lock (_spans)
        {
            _spans.AddRange(spans);
        }

        _came.Release();
    }

    // By the field numbers of opentelemetry/proto/trace/v1/trace.proto.
    private static Span SpanOf(byte[] bytes)
    {
        var fields = Fields(bytes).ToLookup(field => field.Number);
        return new Span(
            Hex(fields, 1), Hex(fields, 2), Hex(fields, 4), Encoding.UTF8.GetString(fields[5].Single().Bytes),
            fields[15].Any(status => Fields(status.Bytes).Any(field => field is { Number: 3, Value: 2 })),
            // The SDK of MCP adds what it knows to the span of the tool, some of it a second time.
            fields[9].Select(tag => Fields(tag.Bytes).ToLookup(field => field.Number)).ToLookup(tag => Encoding.UTF8.GetString(tag[1].Single().Bytes), tag => ValueOf(tag[2].Single().Bytes))
                .ToDictionary(tag => tag.Key, tag => tag.Distinct().Single()));
    }

    private static string ValueOf(byte[] value) => Fields(value).Single() switch
    {
        { Number: 1, Bytes: var text } => Encoding.UTF8.GetString(text),
        { Number: 2, Value: var flag } => flag == 1 ? "true" : "false",
        { Number: 3, Value: var number } => $"{(long)number}",
        { Number: 5, Bytes: var items } => $"[{string.Join(",", Fields(items).Select(item => ValueOf(item.Bytes)))}]",
        var other => $"field {other.Number}",
    };

    private static string Hex(ILookup<int, (int Number, byte[] Bytes, ulong Value)> fields, int number) =>
        fields[number].Select(field => Convert.ToHexStringLower(field.Bytes)).FirstOrDefault() ?? "";

    /// <summary>The fields of a message of Protocol Buffers.</summary>
    private static List<(int Number, byte[] Bytes, ulong Value)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[], ulong)>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var (bytes, value) = ((byte[])[], 0UL);
            switch (key & 7)
            {
                case 0:
                    value = Varint(message, ref at);
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    bytes = message[at..(at + length)];
                    at += length;
                    break;
                default:
                    value = BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at));
                    at += 4;
                    break;
            }

            fields.Add(((int)(key >> 3), bytes, value));
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
