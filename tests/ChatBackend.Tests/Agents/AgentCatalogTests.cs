using ChatBackend.Agents;
using ChatBackend.Demo;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatBackend.Tests.Agents;

public sealed class AgentCatalogTests
{
    private static readonly (string, string)[] Small =
        [("List:0:Name", "small"), ("List:0:Endpoint", "http://127.0.0.1:11434/v1"), ("List:0:Model", "llama")];

    [Fact]
    [Trait("failure", "A6")]
    public void Without_configuration_there_is_what_was_added_and_no_script()
    {
        var agents = Catalog();
        agents.Names.Should().Equal("demo");
        agents.Find(null).Should().BeSameAs(agents.Find("demo")).And.NotBeNull();
        agents.Find("script").Should().BeNull();
        agents.Find("Demo").Should().BeNull();
    }

    [Fact]
    public void The_default_comes_first_and_answers_who_names_no_agent()
    {
        Catalog([.. Small, ("Default", "small"), ("Script:Enabled", "true")]).Names.Should().Equal("small", "demo", "script");
        Catalog([.. Small, ("Script:Enabled", "true")]).Names.Should().Equal("demo", "small", "script");
        Catalog([.. Small, ("Demo:Enabled", "false")]).Find(null)!.Name.Should().Be("small");
    }

    [Fact]
    public void An_endpoint_has_its_instructions_and_tools()
    {
        var agent = Catalog([.. Small, ("List:0:Instructions", "Be kind."), ("List:0:Tools:0", "clock"), ("List:0:Tools:1", "search_threads")]).Find("small")!;
        agent.Instructions.Should().Be("Be kind.");
        agent.Tools.Select(tool => tool.Name).Should().Equal("clock", "search_threads");
    }

    [Fact]
    public void A_key_comes_from_the_variable_that_configuration_names()
    {
        (string, string)[] keyed = [.. Small, ("List:0:KeyFrom", "CHATBACKEND_TEST_KEY")];

        FluentActions.Invoking(() => Catalog(keyed)).Should().Throw<OptionsValidationException>().WithMessage("*small*CHATBACKEND_TEST_KEY*not set*");
        Catalog([.. keyed], ("CHATBACKEND_TEST_KEY", "sk-1")).Find("small").Should().NotBeNull();
    }

    [Theory]
    [Trait("failure", "A7")]
    [InlineData("List:0:Name", "", "*Name*required*")]
    [InlineData("List:0:Name", "two words", "*Name*characters*")]
    [InlineData("List:0:Name", "demo", "*more than one agent called demo*")]
    [InlineData("List:0:Name", "Demo", "*more than one agent called demo*")]
    [InlineData("List:0:Model", "", "*List?0?.Model*required*")]
    [InlineData("List:0:Endpoint", "", "*Endpoint*required*")]
    [InlineData("List:0:Endpoint", "localhost:11434/v1", "*List:0:Endpoint*small*URL*localhost:11434/v1*")]
    [InlineData("List:0:Endpoint", "/v1", "*List:0:Endpoint*small*URL*")]
    [InlineData("List:0:Tools:0", "shell", "*small*unknown tool: shell*search_threads, clock, calculator*")]
    [InlineData("List:0:Timeout", "00:00:00", "*Timeout*")]
    [InlineData("Default", "large", "*Default is large*demo, small*")]
    [InlineData("List:0:Endpoint", "localhost:11434/v1", "*Is it http://localhost:11434/v1?*")]
    [InlineData("List:0:Endpoint", "https://me:sk-secret-key-123@models.example/v1", "*List:0:Endpoint*small*KeyFrom*")]
    [InlineData("List:0:KeyFrom", "sk-secret-key-1234567", "*List:0:KeyFrom*small*looks like a key*")]
    [InlineData("List:0:Provider", "antropic", "*List:0:Provider*antropic*openai, azure-openai, openai-responses*")]
    [InlineData("List:0:Temperature", "3", "*List?0?.Temperature*between 0 and 2*")]
    [InlineData("List:0:TopP", "1.1", "*List?0?.TopP*")]
    [InlineData("List:0:MaxTokens", "0", "*List?0?.MaxTokens*")]
    [InlineData("List:0:ContextTokens", "100", "*List?0?.ContextTokens*")]
    [InlineData("List:0:ReasoningEffort", "very high", "*ReasoningEffort*word*")]
    [InlineData("List:0:ToolChoice", "the clock", "*List:0:ToolChoice*small*")]
    [InlineData("List:0:ExtraBody", "{\"a\":", "*List:0:ExtraBody*small*JSON object*")]
    [InlineData("List:0:ExtraBody", "[1]", "*List:0:ExtraBody*small*JSON object*")]
    [InlineData("List:0:Headers:Content-Length", "1", "*List:0:Headers*small*Content-Length*")]
    [InlineData("List:0:Headers:two words", "1", "*List:0:Headers*small*two words*")]
    [InlineData("List:0:Headers:X-Key", "sk-secret-key-123\r\nX: y", "*List:0:Headers:X-Key*small*line break*")]
    [InlineData("List:0:HeadersFrom:X-Key", "CHATBACKEND_NOT_SET", "*List:0:HeadersFrom:X-Key*small*CHATBACKEND_NOT_SET*not set*")]
    [InlineData("List:0:ApiKeyHeader", "api key", "*ApiKeyHeader*")]
    [InlineData("List:0:ApiVersion", "a b", "*ApiVersion*")]
    [InlineData("List:0:Retries", "11", "*Retries*")]
    [InlineData("List:0:FirstByteTimeout", "00:00:00", "*FirstByteTimeout*")]
    [InlineData("List:0:TotalTimeout", "2.00:00:00", "*TotalTimeout*")]
    [InlineData("List:0:Fallback", "small", "*List:0:Fallback*small*not another agent*")]
    [InlineData("List:0:Fallback", "large", "*List:0:Fallback*large*demo, small*")]
    public void A_mistake_in_the_configuration_is_told_at_the_start(string setting, string value, string message) =>
        FluentActions.Invoking(() => Catalog([.. Small, (setting, value)])).Should().Throw<OptionsValidationException>().WithMessage(message)
            .Which.Message.Should().NotContain("sk-secret", "a start that fails is logged");

    [Theory]
    [InlineData("List:0:Temperature", "warm", "*Agents:List:0:Temperature*")]
    [InlineData("List:0:Stream", "maybe", "*Agents:List:0:Stream*")]
    [InlineData("List:0:MaxTokens", "many", "*Agents:List:0:MaxTokens*")]
    public void What_is_no_number_is_told_with_its_key(string setting, string value, string message) =>
        FluentActions.Invoking(() => Catalog([.. Small, (setting, value)])).Should().Throw<InvalidOperationException>().WithMessage(message);

    [Fact]
    public void Tokens_are_limited_under_one_name() =>
        FluentActions.Invoking(() => Catalog([.. Small, ("List:0:MaxTokens", "1"), ("List:0:MaxCompletionTokens", "1")]))
            .Should().Throw<OptionsValidationException>().WithMessage("*List:0:MaxTokens and MaxCompletionTokens*");

    [Fact]
    public void Two_agents_of_one_name_and_no_agent_at_all_are_refused()
    {
        FluentActions.Invoking(() => Catalog([.. Small, .. Small.Select(setting => (setting.Item1.Replace("0", "1", StringComparison.Ordinal), setting.Item2))]))
            .Should().Throw<OptionsValidationException>().WithMessage("*more than one agent called small*");
        FluentActions.Invoking(() => Catalog([("Demo:Enabled", "false")])).Should().Throw<OptionsValidationException>().WithMessage("*no agent*");
    }

    private static AgentCatalog Catalog((string Name, string Value)[]? settings = null, params (string Name, string Value)[] environment)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection((settings ?? []).GroupBy(setting => setting.Name).Select(same => KeyValuePair.Create($"Agents:{same.Key}", (string?)same.Last().Value)))
            .AddInMemoryCollection(environment.Select(variable => KeyValuePair.Create(variable.Name, (string?)variable.Value)))
            .Build();
        var chat = new TestBuilder(new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSingleton<IConfiguration>(configuration).AddAgents());
        var services = chat.AddDemo(configuration).Services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        services.GetRequiredService<IStartupValidator>().Validate();
        return services.GetRequiredService<AgentCatalog>();
    }
}
