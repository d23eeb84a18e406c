using ChatBackend.Identity;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace ChatBackend.Rest;

/// <summary>The OpenAPI document of our endpoints. An application's own endpoints are not in it, and ours are not in the application's.</summary>
internal static class OpenApiSetup
{
    private const string Name = "chat";
    private const string Scheme = "bearer";

    public static void AddRestDocument(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.ShouldInclude = endpoint => endpoint.ActionDescriptor.EndpointMetadata.OfType<ChatApi>().Any();
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "ChatBackend",
                Version = "v1",
                Description = "Threads and their history over HTTP. What happens live comes over the WebSocket at /ws, in the protocol chat.v1.",
            };
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The token of a guest; pages of the server use the cookie chat_session." },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(DescribeAsync);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (type == typeof(ThreadId) || type == typeof(UtcTime))
            {
                // They are read from their text.
                (schema.Type, schema.Format, schema.Properties) = (JsonSchemaType.String, type == typeof(UtcTime) ? "date-time" : null, null);
            }
            else if (schema.Type is { } of && of.HasFlag(JsonSchemaType.Integer))
            {
                // The application's JSON settings may take a number in quotes; ours are none.
                (schema.Type, schema.Pattern) = (of & ~JsonSchemaType.String, null);
            }

            foreach (var (name, member) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
            {
                if (member is OpenApiSchema time && (name is "at" || name.EndsWith("_at", StringComparison.Ordinal)) && time.Type?.HasFlag(JsonSchemaType.String) is true)
                {
                    time.Format = "date-time";
                }
            }

            return Task.CompletedTask;
        });
    });

    public static void MapRestDocument(this IEndpointRouteBuilder routes, string path) => routes.MapGet(path, async (HttpContext http) =>
    {
        var documents = http.RequestServices.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name);
        var document = await documents.GetOpenApiDocumentAsync(http.RequestAborted);
        return Results.Text(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, http.RequestAborted), "application/json; charset=utf-8");
    }).ExcludeFromDescription();

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.Description.ActionDescriptor.EndpointMetadata;
        operation.OperationId = endpoint.OfType<ChatApi>().Last().Operation;
        if (endpoint.OfType<RestBody>().SingleOrDefault() is { } body)
        {
            var schema = await context.GetOrCreateSchemaAsync(body.Type, null, cancellationToken);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = body.IsRequired,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = schema } },
            };
        }

        if (operation.Responses?.ContainsKey("401") is true)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
        }
    }
}
