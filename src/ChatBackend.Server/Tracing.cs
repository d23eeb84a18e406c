using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ChatBackend.Server;

/// <summary>Traces to an OpenTelemetry collector, where one is configured: by <c>Tracing:Endpoint</c>, or as every program of OpenTelemetry is (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>).</summary>
internal static class Tracing
{
    public const string EndpointSetting = "Tracing:Endpoint";

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string ServiceName = "OTEL_SERVICE_NAME";

    public static void AddTracing(this WebApplicationBuilder builder)
    {
        if (builder.Configuration[EndpointSetting] is { Length: > 0 } url)
        {
            builder.Configuration[Endpoint] = Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
                ? url
                : throw new InvalidOperationException($"{EndpointSetting} is \"{url}\"; it is the http or https URL of a collector, such as http://localhost:4317.");
        }

        if (string.IsNullOrEmpty(builder.Configuration[Endpoint]) && string.IsNullOrEmpty(builder.Configuration[TracesEndpoint]))
        {
            return;
        }

        builder.Services.AddOpenTelemetry().WithTracing(tracing =>
        {
            if (string.IsNullOrEmpty(builder.Configuration[ServiceName]))
            {
                tracing.ConfigureResource(resource => resource.AddService("chat-backend"));
            }

            // The SDK of MCP adds to the spans of tools, and has its own for handshakes and lists.
            tracing.AddSource("ChatBackend", "Experimental.ModelContextProtocol").AddOtlpExporter();
        });
    }
}
