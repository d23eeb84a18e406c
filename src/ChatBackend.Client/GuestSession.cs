using System.Net.Http.Headers;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>A new guest of the server.</summary>
/// <param name="Token">For <see cref="ChatConnectionOptions.Token"/>. A secret: never in a URL or a log.</param>
/// <param name="ExpiresAt">When the token ceases to be valid, by the server's clock.</param>
public sealed record GuestSession(UserId UserId, string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Asks for a new guest: <c>POST /api/guests</c>.</summary>
    /// <param name="http">Its <see cref="HttpClient.BaseAddress"/> is the server's.</param>
    /// <exception cref="HttpRequestException">The server could not be reached or refused, with its status.</exception>
    /// <exception cref="JsonException">The answer is not a guest.</exception>
    public static async Task<GuestSession> CreateAsync(HttpClient http, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(http);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("api/guests", UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        using var document = JsonDocument.Parse(body);
        try
        {
            var guest = document.RootElement;
            return new GuestSession(
                new UserId(guest.GetProperty("user_id").GetString()!),
                guest.GetProperty("token").GetString()!,
                guest.GetProperty("expires_at").GetDateTimeOffset());
        }
        catch (Exception wrong) when (wrong is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("The server's answer is no guest.", wrong);
        }
    }

    /// <summary>Without the token, so that printing a guest betrays nothing.</summary>
    public override string ToString() => $"{UserId} until {ExpiresAt:O}";
}
