namespace ChatBackend.Identity;

/// <summary>Endpoint metadata: an operation of the chat backend's own OpenAPI document.</summary>
/// <param name="Operation">What generated clients call it. Not the endpoint's name, which is one for the whole application.</param>
internal sealed record ChatApi(string Operation)
{
    /// <summary>The group that our endpoints are in unless the application says otherwise: documents of its own leave them out.</summary>
    public const string Group = "chat";
}
