using System.ComponentModel.DataAnnotations;
using ChatBackend.Agents.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Agents;

/// <summary>Describes an agent: its model, its instructions, its tools and its limits.</summary>
public sealed class ChatAgentBuilder
{
    private readonly List<ToolRegistration> _tools = [];
    private readonly List<string> _sharedTools = [];
    private Func<IServiceProvider, IChatClient>? _model;
    private Func<ChatRunContext, ValueTask<string?>>? _instructionsFor;
    private int _answerTokens;

    internal ChatAgentBuilder(string name) => Name = AgentNames.Check(name);

    /// <summary>The name that messages choose the agent by.</summary>
    public string Name { get; }

    /// <summary>The system message; null for none.</summary>
    public string? Instructions { get; set; }

    /// <summary>For people who choose an agent: what it does, in a sentence. Clients get it with <c>connection_established</c>.</summary>
    public string? Description { get; set; }

    /// <summary>First messages that a client may offer in an empty thread.</summary>
    public IList<string> Suggestions { get; } = [];

    /// <summary>Whether the model is shown what was said before the message that it answers. False saves the reading where it would not look at it.</summary>
    public bool ShowsHistory { get; set; } = true;

    /// <summary>Calls of the model in one run; null for <c>Runs:MaxSteps</c>.</summary>
    public int? MaxSteps { get; set; }

    /// <summary>UTF-16 code units that a run may say, thinking included; null for <c>Runs:MaxOutputCharacters</c>.</summary>
    public int? MaxOutputCharacters { get; set; }

    /// <summary>How long a run may take, without the time that it waits for approvals; null for <c>Runs:Timeout</c>.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>The agent whose model answers in the place of this one's when that is unavailable, before the first word of an answer; null for none.</summary>
    public string? Fallback { get; set; }

    /// <summary>What the model's tokens cost: then the end of a run says what it cost. Null where that is not known.</summary>
    public TokenPriceOptions? Price { get; set; }

    /// <summary>
    /// Tokens that the model takes at once, its answer included. Beyond them the oldest exchanges are left out. Null: those of a model that is known by its name; else they are
    /// learned when the model refuses a conversation for its length.
    /// </summary>
    public int? ContextTokens { get; set; }

    /// <summary>
    /// Whether the model sums up the exchanges that it is not shown any more, and is shown that summary in their place. It costs a request of its own each time exchanges leave, and what
    /// the summary says stays in the thread, for people to read, also when retention has removed what it is of.
    /// </summary>
    public bool Summarize { get; set; }

    /// <summary>
    /// Answers with this model. Without any <c>UseModel</c> the agent has the application's <see cref="IChatClient"/> (<c>services.AddChatClient</c>).
    /// The model says how each answer ended (<c>FinishReason</c>): an answer that only breaks off is taken for one that was cut.
    /// </summary>
    /// <param name="model">One for all runs. It is not disposed.</param>
    public ChatAgentBuilder UseModel(IChatClient model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return UseModel(_ => model);
    }

    /// <inheritdoc cref="UseModel(IChatClient)"/>
    /// <param name="model">Makes it from the application's services, once, at the start.</param>
    public ChatAgentBuilder UseModel(Func<IServiceProvider, IChatClient> model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        return this;
    }

    /// <summary>Answers with the application's <see cref="IChatClient"/> of that key (<c>services.AddKeyedChatClient</c>).</summary>
    public ChatAgentBuilder UseKeyedModel(object key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return UseModel(services => services.GetRequiredKeyedService<IChatClient>(key));
    }

    /// <summary>Answers with a model behind an OpenAI-compatible endpoint, as an entry of <c>Agents:List</c> does: with its retries, and a stop that ends the request.</summary>
    /// <param name="endpoint">The base of the API, such as <c>https://api.openai.com/v1</c>.</param>
    /// <param name="model">The model's name there.</param>
    /// <param name="apiKey">Null sends none.</param>
    /// <param name="configure">Sets what an entry of <c>Agents:List</c> can set about the model; instructions, tools and what people are told are the builder's.</param>
    public ChatAgentBuilder UseEndpoint(string endpoint, string model, string? apiKey = null, Action<ModelEndpointOptions>? configure = null)
    {
        var options = new ModelEndpointOptions { Name = Name, Endpoint = endpoint, Model = model };
        configure?.Invoke(options);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        if (ModelEndpointProblems.Of(options).FirstOrDefault() is { Length: > 0 } problem)
        {
            throw new ArgumentException(problem, nameof(endpoint));
        }

        Fallback = options.Fallback ?? Fallback;
        ContextTokens = options.ContextTokens ?? ContextTokens;
        Summarize |= options.Summarize;
        _answerTokens = options.AnswerTokens;
        return UseModel(services => services.GetRequiredService<ModelProviders>().Connect(options, apiKey, services));
    }

    /// <summary>Instructions that are made for each run, from its user, its thread and its services; they come after <see cref="Instructions"/>.</summary>
    /// <param name="instructions">Null or an empty text adds none. What it throws ends the run as <c>agent_failed</c>.</param>
    public ChatAgentBuilder UseInstructions(Func<ChatRunContext, ValueTask<string?>> instructions)
    {
        ArgumentNullException.ThrowIfNull(instructions);
        _instructionsFor = instructions;
        return this;
    }

    /// <inheritdoc cref="UseInstructions(Func{ChatRunContext, ValueTask{string}})"/>
    public ChatAgentBuilder UseInstructions(Func<ChatRunContext, string?> instructions)
    {
        ArgumentNullException.ThrowIfNull(instructions);
        return UseInstructions(run => ValueTask.FromResult(instructions(run)));
    }

    /// <summary>Adds a tool that only this agent has.</summary>
    /// <param name="name">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</param>
    /// <param name="method">
    /// The model fills in its parameters, but not those that are registered services (of the run's scope), a <see cref="ChatRunContext"/> or a
    /// <see cref="CancellationToken"/>. What it returns is told to the model as JSON. To say why something cannot be done it throws <see cref="ChatToolException"/>.
    /// </param>
    public ChatAgentBuilder AddTool(string name, Delegate method, Action<ChatToolOptions>? configure = null)
    {
        _tools.Add(ToolRegistration.Of(name, method, configure));
        return this;
    }

    /// <summary>Adds a tool that only this agent has.</summary>
    /// <param name="function">Has its name. Its services are those of the run's scope, a <see cref="ChatRunContext"/> among them.</param>
    public ChatAgentBuilder AddTool(AIFunction function, Action<ChatToolOptions>? configure = null)
    {
        _tools.Add(ToolRegistration.Of(function, configure));
        return this;
    }

    /// <summary>Gives the agent a tool that was added with <c>AddTool</c> for all agents, or <c>search_threads</c>, which finds words in the threads of the run's user.</summary>
    public ChatAgentBuilder UseTool(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        _sharedTools.Add(name);
        return this;
    }

    /// <summary>
    /// Lets the agent call another one as a tool. The other sees the task it is given and nothing else of the conversation; it has its own instructions, tools and limits, and
    /// what it says last is the tool's result. Its run is nested: its events carry <c>parent_run_id</c>, and it ends with the run around it at the latest. It calls no agents itself.
    /// </summary>
    /// <param name="agent">The name of the other agent, added in code or in configuration.</param>
    /// <param name="description">What the model is told of it: what it is good for.</param>
    /// <param name="configure">How it is called; its time limit is that of the other agent.</param>
    public ChatAgentBuilder AddAgentTool(string agent, string description, Action<ChatToolOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        _tools.Add(ToolRegistration.Of(
            new AgentTool(AgentNames.Check(agent), description),
            tool =>
            {
                configure?.Invoke(tool);
                tool.Timeout = null;
            }));
        return this;
    }

    internal AgentRegistration Build() => new()
    {
        Name = Name,
        Model = _model,
        Instructions = Instructions,
        InstructionsFor = _instructionsFor,
        Description = Description,
        Suggestions = [.. Suggestions],
        IsShownHistory = ShowsHistory,
        Fallback = Fallback,
        Price = Price,
        ContextTokens = Positive(ContextTokens, nameof(ContextTokens)),
        AnswerTokens = _answerTokens,
        Summarizes = Summarize,
        Limits = new AgentLimits(Positive(MaxSteps, nameof(MaxSteps)), Positive(MaxOutputCharacters, nameof(MaxOutputCharacters)), Positive(Timeout)),
        Tools = [.. _tools],
        SharedTools = [.. _sharedTools],
    };

    private int? Positive(int? limit, string what) => limit is null or > 0 ? limit : throw Wrong(what, $"{limit}");

    private TimeSpan? Positive(TimeSpan? limit) => limit is null || limit > TimeSpan.Zero ? limit : throw Wrong(nameof(Timeout), $"{limit}");

    private InvalidOperationException Wrong(string what, string value) => new($"{what} of the agent {Name} is {value}; it must be positive.");
}
