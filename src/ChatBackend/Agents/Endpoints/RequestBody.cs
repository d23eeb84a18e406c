using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ChatBackend.Agents.Endpoints;

/// <summary>The body of a request while it is written: without the members that the endpoint is not to be sent, and with those of its own at the end.</summary>
internal sealed class RequestBody
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ModelEndpoint _endpoint;

    private RequestBody(ModelEndpoint endpoint, Utf8JsonWriter json) => (_endpoint, Json) = (endpoint, json);

    public Utf8JsonWriter Json { get; }

    public static byte[] Write(ModelEndpoint endpoint, Action<RequestBody> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Plain))
        {
            json.WriteStartObject();
            members(new RequestBody(endpoint, json));
            foreach (var (name, value) in endpoint.ExtraBody)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    public void Member(string name, Action write)
    {
        if (_endpoint.Sends(name))
        {
            Json.WritePropertyName(name);
            write();
        }
    }

    /// <param name="value">Null to write nothing.</param>
    public void Member(string name, string? value)
    {
        if (value is not null && _endpoint.Sends(name))
        {
            Json.WriteString(name, value);
        }
    }

    /// <inheritdoc cref="Member(string, string?)"/>
    public void Member(string name, decimal? value)
    {
        if (value is { } number && _endpoint.Sends(name))
        {
            Json.WriteNumber(name, number);
        }
    }

    /// <inheritdoc cref="Member(string, string?)"/>
    public void Member(string name, bool? value)
    {
        if (value is { } flag && _endpoint.Sends(name))
        {
            Json.WriteBoolean(name, flag);
        }
    }
}
