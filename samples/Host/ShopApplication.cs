using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Shop;

/// <summary>An application with things of its own, all of which it keeps when the chat is added: sign-in, keys, OpenAPI document, clock, shutdown time.</summary>
public static class ShopApplication
{
    public const string Name = "Shop";
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(47);

    public static void AddShop(this WebApplicationBuilder builder, TimeProvider clock)
    {
        builder.Services.AddSingleton(clock);
        builder.Services.AddDataProtection()
            .SetApplicationName(Name)
            .PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(builder.Environment.ContentRootPath, "host-keys")));
        builder.Services.AddOpenApi();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddAuthorization();
        // The only scheme: it is the default one, and the chat takes the users that it signs in.
        builder.Services.AddAuthentication().AddCookie(options =>
        {
            options.Cookie.Name = "host_session";
            options.Events.OnRedirectToLogin = context =>
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return Task.CompletedTask;
            };
        });
    }

    public static void MapShop(this WebApplication app)
    {
        app.MapOpenApi();
        // A real shop asks for a password here.
        app.MapPost("/sign-in/{user}", (string user, HttpContext http) => http.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity(
            [new Claim(ClaimTypes.NameIdentifier, user), new Claim(ClaimTypes.Name, user), new Claim("email", $"{user}@example.com")],
            CookieAuthenticationDefaults.AuthenticationScheme))));
        app.MapGet("/host/me", (ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)).RequireAuthorization();
    }
}
