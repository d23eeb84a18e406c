using ChatBackend.Protocol;

namespace ChatBackend.Server;

/// <summary>What goes wrong is answered as <c>application/problem+json</c>.</summary>
internal static class Problems
{
    // Not /ws, which says itself why it refuses: a socket would stay in these for as long as it is open.
    public static void UseProblems(this WebApplication app) =>
        app.UseWhen(http => http.Request.Path != ChatProtocol.Path, rest => rest.UseExceptionHandler().UseStatusCodePages());
}
