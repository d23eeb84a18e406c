namespace ChatBackend.Identity;

/// <summary>Configuration section <c>Auth</c>: how a signed-in user of the application is known.</summary>
public sealed class AuthOptions
{
    /// <summary>
    /// The type of the claim that holds the user's id: 1 to 128 characters, unique and for good. Not set, it is <c>nameidentifier</c>
    /// (<see cref="System.Security.Claims.ClaimTypes.NameIdentifier"/>), or <c>sub</c> where that one is missing.
    /// </summary>
    public string? UserIdClaim { get; set; }
}
