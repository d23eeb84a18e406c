using System.Reflection;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Threads.Titles;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace ChatBackend.Rest;

/// <summary>The body of a request that makes a thread.</summary>
internal sealed record NewThread(string? Title = null) : IBindableFromHttpContext<NewThread>, IEndpointParameterMetadataProvider
{
    public static async ValueTask<NewThread?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new(RestBody.Title(await RestBody.ReadAsync(context.Request, context.RequestAborted)));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new RestBody(typeof(NewThread), IsRequired: false));
}

/// <summary>The body of a request that changes a thread; what is absent stays.</summary>
internal sealed record ThreadChange(string? Title = null, bool? Archived = null) : IBindableFromHttpContext<ThreadChange>, IEndpointParameterMetadataProvider
{
    public static async ValueTask<ThreadChange?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var body = await RestBody.ReadAsync(context.Request, context.RequestAborted);
        return new ThreadChange(RestBody.Title(body), RestBody.Archived(body)) is { } change && (change.Title is not null || change.Archived is not null)
            ? change
            : throw RestException.Invalid("Say what to change: title, archived, or both.");
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new RestBody(typeof(ThreadChange), IsRequired: true));
}

/// <summary>
/// Endpoint metadata: the body that an endpoint takes. It is read here and not by ASP.NET Core, whose JSON settings are the application's, and which refuses
/// a body before it is known who sends it.
/// </summary>
internal sealed record RestBody(Type Type, bool IsRequired)
{
    private const int MaxTitle = 200;
    private const int MaxBytes = 64 * 1024;

    /// <summary>The request's JSON object; null when it has no body.</summary>
    public static async Task<JsonElement?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var bytes = await BytesAsync(request, cancellationToken);
        if (bytes.Length == 0)
        {
            return null;
        }

        if (!request.HasJsonContentType())
        {
            throw new RestException(StatusCodes.Status415UnsupportedMediaType, "The body must be JSON, with Content-Type: application/json.");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = ChatProtocol.MaxDepth, AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw RestException.Invalid("The body is a JSON object.");
        }
        catch (JsonException)
        {
            throw RestException.Invalid("The body is not JSON, nests too deep or repeats a member.");
        }
    }

    /// <summary>Null when it is absent; absent means absent, never null.</summary>
    public static string? Title(JsonElement? body)
    {
        if (body?.TryGetProperty("title", out var member) is not true)
        {
            return null;
        }

        try
        {
            if (member.ValueKind == JsonValueKind.String && TitleText.Clean(member.GetString()!) is { Length: > 0 and <= MaxTitle } title)
            {
                return title;
            }
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is not text.
        }

        throw RestException.Invalid($"title is a text of 1 to {MaxTitle} characters, of which some can be seen.");
    }

    public static bool? Archived(JsonElement? body) => body?.TryGetProperty("archived", out var member) is not true
        ? null
        : member.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw RestException.Invalid("archived is true or false."),
        };

    private static async Task<ReadOnlyMemory<byte>> BytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var bytes = new byte[4096];
        var length = 0;
        while (await request.Body.ReadAsync(bytes.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
            if (length > MaxBytes)
            {
                throw new RestException(StatusCodes.Status413PayloadTooLarge, $"A body has at most {MaxBytes} bytes.");
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, bytes.Length * 4);
            }
        }

        return bytes.AsMemory(0, length);
    }
}
