using ChatBackend.Protocol;

namespace ChatBackend.Identity;

/// <summary>Who is there, and until when. A class, so that one thread replaces it while others read it.</summary>
internal sealed record Session(UserId User, DateTimeOffset ExpiresAt);
