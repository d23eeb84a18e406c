using ChatBackend.Agents;
using ChatBackend.Agents.Completions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents.Endpoints;

/// <summary>What people give as the address of an API: it is understood, or refused with the right one.</summary>
public sealed class EndpointAddressTests
{
    private const string Answer = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/v1/")]
    [InlineData("/v1/chat/completions")]
    public async Task The_address_is_understood_with_and_without_its_path(string path)
    {
        await using var server = await ModelServer.StartAsync(context =>
        {
            if (context.Request.Path == "/v1/chat/completions")
            {
                return SendAsync(context, Answer);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        using var model = Connect(new Uri(server.Endpoint).GetLeftPart(UriPartial.Authority) + path);

        (await model.StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken)).Text().Should().Be("hi");
        (await model.StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken)).Text().Should().Be("hi");

        server.Requests.Should().HaveCount(path is "" or "/" ? 3 : 2, "the right one is remembered");
    }

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/v1/models")]
    [InlineData("/v1/completions/")]
    [InlineData("/api")]
    [InlineData("/v1/chat/completions?x=1")]
    public async Task The_address_of_another_operation_is_understood(string path)
    {
        await using var server = await ModelServer.StartAsync(context => context.Request.Path == "/v1/chat/completions" ? SendAsync(context, Answer) : ModelServer.RefuseAsync(context, 404, "text/plain", "no such page"));
        using var model = Connect(new Uri(server.Endpoint).GetLeftPart(UriPartial.Authority) + path);

        (await model.StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken)).Text().Should().Be("hi");
    }

    [Fact]
    public async Task A_version_that_the_server_does_not_have_in_its_path_is_left_out()
    {
        await using var server = await ModelServer.StartAsync(context => context.Request.Path == "/chat/completions" ? SendAsync(context, Answer) : ModelServer.RefuseAsync(context, 404, "text/plain", "no such page"));

        (await Connect(server.Endpoint).AskAsync()).Text().Should().Be("hi");
    }

    [Fact]
    [Trait("failure", "M5")]
    public async Task An_address_with_no_API_behind_it_is_refused_with_what_was_tried()
    {
        await using var server = await ModelServer.StartAsync(context => ModelServer.RefuseAsync(context, 404, "text/html", "<html>Not found</html>"));
        await using var moved = await ModelServer.StartAsync(context =>
        {
            context.Response.Headers.Location = "https://models.example/v1/chat/completions?key=1";
            return ModelServer.RefuseAsync(context, 301, "text/html", "<html>Moved</html>");
        });

        var failure = await Connect(server.Endpoint).FailureAsync();

        failure.Kind.Should().Be(ModelErrorKind.Misconfigured);
        failure.Message.Should().Contain("Endpoint is the base of the API").And.Contain("/v1/chat/completions and ");
        (await Connect(moved.Endpoint).FailureAsync()).Message.Should().Contain("https://models.example/v1/chat/completions: give that as Endpoint");
    }

    private static async Task SendAsync(HttpContext context, string events)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(events, context.RequestAborted);
    }

    private static IChatClient Connect(string endpoint) =>
        CompletionsClient.Connect(new ModelEndpointOptions { Name = "small", Endpoint = endpoint, Model = "small" }, key: null, new InstantWaits());
}
