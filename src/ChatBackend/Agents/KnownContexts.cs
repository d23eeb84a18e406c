namespace ChatBackend.Agents;

/// <summary>Context windows by the names of models, where these are the provider's alone. What is too large here is corrected by the first refusal.</summary>
internal static class KnownContexts
{
    private static readonly (string Prefix, int Tokens)[] Known =
    [
        ("chatgpt-4o", 128_000), ("claude-", 200_000), ("command-a", 256_000), ("command-r", 128_000), ("deepseek-chat", 128_000), ("deepseek-reasoner", 128_000),
        ("gemini-1.5-flash", 1_048_576), ("gemini-1.5-pro", 2_097_152), ("gemini-2", 1_048_576), ("gemini-3", 1_048_576),
        ("gpt-3.5-turbo", 16_385), ("gpt-4", 8_192), ("gpt-4-0125", 128_000), ("gpt-4-1106", 128_000), ("gpt-4-32k", 32_768), ("gpt-4-vision", 128_000), ("gpt-4.5", 128_000), ("gpt-4-turbo", 128_000), ("gpt-4.1", 1_047_576), ("gpt-4o", 128_000), ("gpt-5", 272_000), ("gpt-5-chat", 128_000),
        ("grok-3", 131_072), ("grok-4", 256_000), ("mistral-large", 128_000), ("o1", 200_000), ("o1-mini", 128_000), ("o1-preview", 128_000), ("o3", 200_000), ("o4-mini", 200_000),
    ];

    /// <param name="model">Also with the name of its maker before it, as gateways have it: <c>openai/gpt-4o</c>.</param>
    /// <returns>Null when there is none of that name.</returns>
    public static int? Find(string? model)
    {
        var name = model?[(model.LastIndexOf('/') + 1)..] ?? "";
        return Known.Where(known => name.StartsWith(known.Prefix, StringComparison.OrdinalIgnoreCase)).OrderByDescending(known => known.Prefix.Length).Select(known => (int?)known.Tokens).FirstOrDefault();
    }
}
