using System.Security.Claims;
using ChatBackend.Protocol;

namespace ChatBackend.Identity;

/// <summary>Who is there, and until when. A class, so that one thread replaces it while others read it.</summary>
/// <param name="Principal">Of a user whom the application signed in; null where nothing is known of them but the id.</param>
internal sealed record Session(UserId User, DateTimeOffset ExpiresAt, ClaimsPrincipal? Principal = null);
