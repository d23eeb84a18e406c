using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ChatBackend.Agents;

/// <summary>An agent whose model answers at an endpoint.</summary>
public sealed class ModelEndpointOptions
{
    /// <summary>The name that messages choose the agent by.</summary>
    [Required]
    [RegularExpression(AgentNames.Allowed, ErrorMessage = "{0} must have 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
    public string Name { get; set; } = "";

    /// <summary>Which API the endpoint speaks: <c>openai</c> (chat completions, as most servers), <c>azure-openai</c>, <c>openai-responses</c>, or one that was added.</summary>
    [Required]
    public string Provider { get; set; } = ModelProviders.OpenAI;

    /// <summary>The base of the API, such as <c>https://api.openai.com/v1</c>.</summary>
    [Required]
    public string Endpoint { get; set; } = "";

    /// <summary>The model's name there; at <c>azure-openai</c> that of the deployment.</summary>
    [Required]
    public string Model { get; set; } = "";

    /// <summary>Name of the environment variable, or configuration key, that holds the API key. Absent: no key is sent.</summary>
    public string? KeyFrom { get; set; }

    /// <summary>The header that the key is sent in, as it is. Absent: as the provider does, for <c>openai</c> <c>Authorization: Bearer</c>.</summary>
    [RegularExpression(HeaderName, ErrorMessage = "{0} must be the name of a header")]
    public string? ApiKeyHeader { get; set; }

    /// <summary>Sent as <c>api-version</c> in the address.</summary>
    [RegularExpression("[A-Za-z0-9.-]{1,64}", ErrorMessage = "{0} must have 1 to 64 of the characters A-Z a-z 0-9 . -")]
    public string? ApiVersion { get; set; }

    /// <summary>Headers that each request has. Values that are secret belong into <see cref="HeadersFrom"/>.</summary>
    public IDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>();

    /// <summary>Headers whose values are read from environment variables, or configuration keys, of these names.</summary>
    public IDictionary<string, string> HeadersFrom { get; set; } = new Dictionary<string, string>();

    /// <summary>The system message.</summary>
    public string? Instructions { get; set; }

    /// <summary>For people who choose an agent: what it does, in a sentence.</summary>
    public string? Description { get; set; }

    /// <summary>First messages that a client may offer in an empty thread.</summary>
    public IList<string> Suggestions { get; set; } = [];

    /// <summary>Names of tools that the application added for all agents, and <c>search_threads</c>.</summary>
    public IList<string> Tools { get; set; } = [];

    /// <summary>What its tokens cost: then the end of a run says what it cost.</summary>
    [ValidateObjectMembers]
    public TokenPriceOptions? Price { get; set; }

    /// <summary>
    /// Tokens that the model takes at once, its answer included. Beyond them the oldest exchanges are left out. Absent: those of a model that is known by its name; else they
    /// are learned when the model refuses a conversation for its length.
    /// </summary>
    [Range(256, int.MaxValue)]
    public int? ContextTokens { get; set; }

    /// <summary>
    /// Whether the model sums up the exchanges that it is not shown any more, and is shown that summary in their place. It costs a request of its own each time exchanges leave, and what
    /// the summary says stays in the thread, for people to read, also when retention has removed what it is of.
    /// </summary>
    public bool Summarize { get; set; }

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c>, or the name of a tool; the last two hold until a tool was called, since an answer could not come otherwise.</summary>
    public string? ToolChoice { get; set; }

    /// <summary>Whether the model may ask for several calls at once. Absent: as the provider does.</summary>
    public bool? ParallelToolCalls { get; set; }

    /// <summary>Absent, as all that follow: the model's own.</summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; set; }

    [Range(0.0, 1.0)]
    public double? TopP { get; set; }

    /// <summary>Tokens of one answer, sent as <c>max_tokens</c>.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxTokens { get; set; }

    /// <summary>Tokens of one answer, sent as <c>max_completion_tokens</c>, which newer models of OpenAI want instead.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxCompletionTokens { get; set; }

    /// <summary>Texts that end an answer.</summary>
    public IList<string> Stop { get; set; } = [];

    public long? Seed { get; set; }

    /// <summary>How much the model thinks, in its provider's word: <c>none</c>, <c>minimal</c>, <c>low</c>, <c>medium</c>, <c>high</c> or another.</summary>
    [RegularExpression("[a-z]{1,32}", ErrorMessage = "{0} must be a word, such as low, medium or high")]
    public string? ReasoningEffort { get; set; }

    /// <summary>A JSON object whose members stand in the body of each request, in place of those that would stand there. In configuration also a section.</summary>
    public string? ExtraBody { get; set; }

    /// <summary>Members that the body of a request is not to have, such as <c>stream_options</c>.</summary>
    public IList<string> Omit { get; set; } = [];

    /// <summary>Whether answers are streamed. An endpoint that cannot is asked for whole ones.</summary>
    public bool Stream { get; set; } = true;

    /// <summary>How long the endpoint may send nothing in the middle of an answer, and before it where <see cref="FirstByteTimeout"/> does not say.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>How long the endpoint may take to begin an answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan? FirstByteTimeout { get; set; }

    /// <summary>How long one answer may take, with its retries. Absent: as long as the run may.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan? TotalTimeout { get; set; }

    /// <summary>How often a request is repeated that failed before the first word of its answer.</summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>The agent whose model answers in this one's place when its own is unavailable, before the first word of an answer.</summary>
    public string? Fallback { get; set; }

    /// <summary>The same, with the headers whose values are elsewhere among its <see cref="Headers"/>.</summary>
    internal ModelEndpointOptions WithHeaders(IConfiguration configuration)
    {
        var all = (ModelEndpointOptions)MemberwiseClone();
        all.Headers = Headers.Concat(HeadersFrom.Select(from => KeyValuePair.Create(from.Key, AgentKeys.Find(configuration, from.Value) ?? ""))).ToDictionary();
        all.HeadersFrom = new Dictionary<string, string>();
        return all;
    }

    /// <summary>Of one answer; 0 where nothing is set.</summary>
    internal int AnswerTokens => MaxTokens ?? MaxCompletionTokens ?? 0;

    internal const string HeaderName = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";
}
