using System.Text.Json;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Rest;

/// <summary>The OpenAPI document says what the endpoints do.</summary>
public sealed class DocumentTests
{
    [Fact]
    public async Task The_document_has_every_endpoint_with_its_answers_and_its_problems()
    {
        await using var server = new ChatServer();

        var document = JsonDocument.Parse(await server.Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement;

        document.GetProperty("openapi").GetString().Should().StartWith("3.");
        Operations(document).Should().BeEquivalentTo(
            "POST /api/guests", "GET /api/threads", "POST /api/threads", "GET /api/threads/{thread_id}", "PATCH /api/threads/{thread_id}",
            "DELETE /api/threads/{thread_id}", "GET /api/threads/{thread_id}/events", "GET /api/threads/{thread_id}/export", "GET /api/threads/{thread_id}/tool_results/{call_id}", "GET /api/agents",
            "POST /api/tickets");
        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(path => path.Name != "/api/guests"))
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var responses = operation.Value.GetProperty("responses");
                responses.EnumerateObject().Select(response => response.Name).Should().Contain(["401", "403", "503"], path.Name);
                responses.GetProperty("401").GetProperty("content").TryGetProperty("application/problem+json", out _).Should().BeTrue();
                operation.Value.GetProperty("security").GetArrayLength().Should().Be(1);
            }
        }
    }

    [Fact]
    public async Task Names_are_those_that_the_answers_have()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        await client.PlayAsync("""{"steps":[{"say":"one"}]}""", await rest.CreateAsync("T"));
        var document = JsonDocument.Parse(await server.Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement;
        var schemas = document.GetProperty("components").GetProperty("schemas");

        var thread = (await rest.GetAsync("/api/threads")).GetProperty("threads")[0];
        Names(schemas, "ThreadView").Should().Equal(thread.EnumerateObject().Select(member => member.Name));
        schemas.GetProperty("ThreadView").GetProperty("properties").GetProperty("created_at").GetProperty("format").GetString().Should().Be("date-time");
        Names(schemas, "ThreadListView").Should().Equal("threads", "hits", "next_cursor");
        Names(schemas, "EventPageView").Should().Equal("events", "next_after_seq", "log_id");
        Names(schemas, "Guest").Should().Equal("user_id", "token", "expires_at");
        document.GetProperty("paths").GetProperty("/api/threads/{thread_id}").GetProperty("patch").GetProperty("requestBody").GetProperty("content")
            .GetProperty("application/json").GetProperty("schema").GetRawText().Should().Contain("title").And.Contain("archived");
        document.GetProperty("paths").GetProperty("/api/threads/{thread_id}/events").GetProperty("get").GetProperty("parameters").EnumerateArray()
            .Select(parameter => parameter.GetProperty("name").GetString()).Should().BeEquivalentTo("thread_id", "after_seq", "after_at", "limit");
    }

    [Fact]
    public async Task Parameters_and_bodies_are_those_of_the_handlers_with_their_bounds()
    {
        await using var server = new ChatServer();
        var document = JsonDocument.Parse(await server.Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement;
        var (paths, schemas) = (document.GetProperty("paths"), document.GetProperty("components").GetProperty("schemas"));

        Parameters(paths, "/api/threads").Should().Equal(
            """archived {"type":"boolean"}""", """query {"maxLength":200,"type":"string"}""", """cursor {"type":"string"}""",
            """limit {"maximum":200,"minimum":1,"type":"integer","format":"int32","default":50}""");
        Parameters(paths, "/api/threads/{thread_id}/events").Should().Contain(
            """limit {"maximum":1000,"minimum":1,"type":"integer","format":"int32","default":200}""",
            """after_seq {"maximum":9223372036854775807,"minimum":0,"type":"integer","format":"int64","default":0}""");
        schemas.GetProperty("ExportFormat").GetProperty("enum").EnumerateArray().Select(name => name.GetString()).Should().Equal("json", "markdown");
        schemas.GetProperty("ThreadId").GetProperty("type").GetString().Should().Be("string");
        schemas.GetProperty("UtcTime").GetProperty("format").GetString().Should().Be("date-time");
        var create = paths.GetProperty("/api/threads").GetProperty("post").GetProperty("requestBody");
        create.TryGetProperty("required", out _).Should().BeFalse();
        create.GetProperty("content").GetProperty("application/json").GetProperty("schema").TryGetProperty("required", out _).Should().BeFalse();
        paths.GetProperty("/api/threads/{thread_id}").GetProperty("patch").GetProperty("requestBody").GetProperty("required").GetBoolean().Should().BeTrue();
    }

    private static IEnumerable<string> Parameters(JsonElement paths, string path) => paths.GetProperty(path).GetProperty("get").GetProperty("parameters").EnumerateArray()
        .Select(parameter => $"{parameter.GetProperty("name").GetString()} {JsonSerializer.Serialize(parameter.GetProperty("schema"))}");

    private static IEnumerable<string> Operations(JsonElement document) => document.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));

    private static IEnumerable<string> Names(JsonElement schemas, string name) =>
        schemas.GetProperty(name).GetProperty("properties").EnumerateObject().Select(member => member.Name);
}
