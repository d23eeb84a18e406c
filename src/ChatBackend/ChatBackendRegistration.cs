using ChatBackend.Connections;
using ChatBackend.Hosting;
using ChatBackend.Identity;
using ChatBackend.Protocol;
using ChatBackend.Rest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend;

/// <summary>Maps the chat backend's endpoints.</summary>
public static class ChatBackendRegistration
{
    /// <summary>Maps <c>/ws</c>, <c>/api</c>, <c>/openapi/v1.json</c> and <c>/health</c>, and switches WebSockets on.</summary>
    /// <exception cref="InvalidOperationException"><see cref="ChatBackendServiceCollectionExtensions.AddChatBackend"/> was not called.</exception>
    public static WebApplication MapChatBackend(this WebApplication app)
    {
        var endpoint = app.Services.GetService<ChatEndpoint>()
            ?? throw new InvalidOperationException("Call builder.Services.AddChatBackend() before app.MapChatBackend().");
        app.UseWebSockets();
        // HTTP/2 opens a WebSocket with CONNECT.
        app.MapMethods(ChatProtocol.Path, [HttpMethods.Get, HttpMethods.Connect], endpoint.HandleAsync);
        app.MapGuests();
        app.MapRest();
        app.MapHealth();
        return app;
    }
}
