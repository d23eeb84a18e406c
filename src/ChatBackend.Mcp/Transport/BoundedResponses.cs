using System.Net;

namespace ChatBackend.Mcp.Transport;

/// <summary>Holds the responses of a server, and of those that give out its tokens, to their bounds, and sees when a session is refused.</summary>
internal sealed class BoundedResponses(int maxMessageBytes, Action<string> sessionRefused, TimeProvider clock, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string SessionHeader = "Mcp-Session-Id";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        // The SDK takes 404 alone for it, and only some servers answer so.
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest && request.Headers.Contains(SessionHeader))
        {
            sessionRefused($"It answered {(int)response.StatusCode}: it does not know the session any more.");
        }

        response.Content = new Bounded(response.Content, maxMessageBytes, clock);
        return response;
    }

    private sealed class Bounded : HttpContent
    {
        private readonly HttpContent _content;
        private readonly int _maxMessageBytes;
        private readonly TimeProvider _clock;

        public Bounded(HttpContent content, int maxMessageBytes, TimeProvider clock)
        {
            (_content, _maxMessageBytes, _clock) = (content, maxMessageBytes, clock);
            foreach (var header in content.Headers)
            {
                Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }

        protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => new BoundedStream(
            await _content.ReadAsStreamAsync(cancellationToken),
            _maxMessageBytes,
            _content.Headers.ContentType?.MediaType == "text/event-stream" ? MessageEnd.EmptyLine : MessageEnd.Stream,
            _clock);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var read = await CreateContentReadStreamAsync(cancellationToken);
            await read.CopyToAsync(stream, cancellationToken);
        }

        // Whatever the server says of it, it is measured.
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _content.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
