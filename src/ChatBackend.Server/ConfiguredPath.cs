namespace ChatBackend.Server;

/// <summary><c>PathBase</c>: the path that the server lies below, where a proxy leaves it in the requests. One that takes it out says so in <c>X-Forwarded-Prefix</c>.</summary>
internal static class ConfiguredPath
{
    private const string Setting = "PathBase";

    public static void UseConfiguredPath(this WebApplication app)
    {
        if (app.Configuration[Setting] is { Length: > 0 } path)
        {
            app.UsePathBase(path.StartsWith('/') && !path.EndsWith('/')
                ? path
                : throw new InvalidOperationException($"{Setting} is not a path: write it as /assistant, without a slash at its end."));
        }

        // Else it would have run before, with the path as it came.
        app.UseRouting();
    }
}
