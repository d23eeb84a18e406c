using System.Text;
using System.Text.Json.Nodes;
using ChatBackend.Agents;
using ChatBackend.Mcp.Servers;
using ModelContextProtocol.Protocol;

namespace ChatBackend.Mcp.Tools;

/// <summary>
/// A result as models and people get it: text and text resources whole, of everything binary its type and size, small images in base64. Secrets that the server
/// repeats are taken out.
/// </summary>
internal static class ToolResult
{
    // What a browser shows and a data URL may hold.
    private static readonly string[] ShownImages = ["image/png", "image/jpeg", "image/gif", "image/webp"];

    /// <exception cref="ChatToolException">The result is larger than the server's may be.</exception>
    public static JsonNode Of(CallToolResult result, ServerSettings server)
    {
        var json = new JsonObject { ["content"] = new JsonArray([.. result.Content.Select(block => Of(block, server.Options))]) };
        if (result.StructuredContent is { } structured)
        {
            json["structured"] = JsonNode.Parse(structured.GetRawText());
        }

        var masked = ServerText.Map(json, server.Mask.Apply)!;
        return server.Options.MaxResultBytes is not { } most || Encoding.UTF8.GetByteCount(masked.ToJsonString()) <= most
            ? masked
            : throw new ChatToolException($"The result of the server {server.Name} is larger than {most} bytes.");
    }

    private static JsonObject Of(ContentBlock block, McpServerOptions options) => block switch
    {
        TextContentBlock text => new JsonObject { ["type"] = "text", ["text"] = text.Text },
        ImageContentBlock image => Image(image, options),
        AudioContentBlock audio => Binary("audio", audio.MimeType, audio.Data),
        EmbeddedResourceBlock { Resource: TextResourceContents text } => Resource(text, resource => resource["text"] = text.Text),
        EmbeddedResourceBlock { Resource: BlobResourceContents blob } => Resource(blob, resource => resource["bytes"] = DecodedLength(blob.Blob.Span)),
        ResourceLinkBlock link => Link(link),
        _ => new JsonObject { ["type"] = block.Type },
    };

    private static JsonObject Image(ImageContentBlock image, McpServerOptions options)
    {
        var json = Binary("image", image.MimeType, image.Data);
        if (ShownImages.Contains(image.MimeType) && DecodedLength(image.Data.Span) <= options.MaxInlineImageBytes)
        {
            json["data"] = Encoding.UTF8.GetString(image.Data.Span);
        }

        return json;
    }

    private static JsonObject Binary(string type, string mimeType, ReadOnlyMemory<byte> data) =>
        new() { ["type"] = type, ["mime_type"] = mimeType, ["bytes"] = DecodedLength(data.Span) };

    private static JsonObject Resource(ResourceContents resource, Action<JsonObject> add)
    {
        var json = new JsonObject { ["type"] = "resource", ["uri"] = resource.Uri, ["mime_type"] = resource.MimeType };
        add(json);
        return json;
    }

    private static JsonObject Link(ResourceLinkBlock link)
    {
        var json = new JsonObject { ["type"] = "resource_link", ["uri"] = link.Uri, ["name"] = link.Name, ["mime_type"] = link.MimeType };
        if (link.Description is { } description)
        {
            json["description"] = description;
        }

        if (link.Size is { } bytes)
        {
            json["bytes"] = bytes;
        }

        return json;
    }

    private static int DecodedLength(ReadOnlySpan<byte> base64)
    {
        var digits = base64.TrimEnd((byte)'=').Length;
        return (int)((long)digits * 3 / 4);
    }
}
