using ChatBackend.Protocol;

namespace ChatBackend.Identity;

/// <summary>Who is there, and until when.</summary>
internal readonly record struct Session(UserId User, DateTimeOffset ExpiresAt);
