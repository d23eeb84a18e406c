namespace ChatBackend.Server;

/// <summary>Every endpoint of this server authenticates its requests itself.</summary>
internal static class AuthenticationMiddleware
{
    /// <summary>
    /// WebApplication puts its authentication around every endpoint unless it finds this. Around an open socket it would hold a request scope, its handlers
    /// and a state machine, 560 bytes in all, for as long as the socket lives.
    /// </summary>
    public static void UseNoAuthenticationMiddleware(this WebApplication app) =>
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
}
