using System.Security.Claims;

namespace ChatBackend.Identity;

/// <summary>The user of a session of ours, as the rest of an application sees them: signed in, with an id and nothing else.</summary>
internal sealed class SessionIdentity(Session session) : ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, session.User.Value)], "ChatBackend")
{
    public Session Session => session;
}
