using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>Tells models apart: what one gave to have back goes to no other.</summary>
internal static class ModelSource
{
    public static string Of(IChatClient model) => model.GetService<ChatClientMetadata>() is { } known
        ? $"{known.ProviderName} {Address(known.ProviderUri)} {known.DefaultModelId}"
        : model.GetType().FullName!;

    /// <summary>Without what may be secret in it.</summary>
    private static string? Address(Uri? uri) => uri is { IsAbsoluteUri: true } ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : null;
}
