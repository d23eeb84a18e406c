namespace ChatBackend.Agents.Completions;

/// <summary>Where a model answers, and how it is asked.</summary>
internal sealed record CompletionsEndpoint
{
    /// <summary>The base of the API, such as <c>https://api.openai.com/v1</c>, or the address of its <c>chat/completions</c>.</summary>
    public required Uri Address { get; init; }

    public required string Model { get; init; }

    /// <summary>Null to send none.</summary>
    public string? Key { get; init; }

    /// <summary>How long it may send nothing, at the beginning or in the middle of an answer.</summary>
    public required TimeSpan Silence { get; init; }

    /// <summary>The addresses that are tried, the next one when there is nothing at one: people leave <c>/v1</c> out, or name the whole path.</summary>
    public IReadOnlyList<Uri> Addresses
    {
        get
        {
            const string Operation = "/chat/completions";
            var path = Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
            if (path.EndsWith(Operation, StringComparison.OrdinalIgnoreCase))
            {
                return [Address];
            }

            return path.EndsWith("/v1", StringComparison.OrdinalIgnoreCase) ? [At(path)] : [At(path), At(path + "/v1")];

            Uri At(string origin) => new(origin + Operation + Address.Query);
        }
    }
}
