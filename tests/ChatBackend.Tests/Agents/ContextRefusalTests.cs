using ChatBackend.Agents;

namespace ChatBackend.Tests.Agents;

/// <summary>What providers say of a conversation that is too long tells how much they take.</summary>
[Trait("failure", "M4")]
public sealed class ContextRefusalTests
{
    private const string Where = "http://127.0.0.1:43210/v1/chat/completions answered 400 (application/json): ";

    [Theory]
    [InlineData("context_length_exceeded This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.", 8192, 9001)]
    [InlineData("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).", 4096, 5000)]
    [InlineData("invalid_request_error prompt is too long: 210000 tokens > 200000 maximum", 200000, 210000)]
    [InlineData("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length", 200000, null)]
    [InlineData("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1048576, 1200000)]
    [InlineData("Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length", 32768, 40000)]
    [InlineData("request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it", 8192, 9000)]
    [InlineData("too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.", 4081, 5000)]
    [InlineData("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000 `inputs` tokens and 512 `max_new_tokens`", 4097, 5000)]
    [InlineData("This model's maximum prompt length is 131,072 but the request contains 537,812 tokens.", 131072, 537812)]
    [InlineData("Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens", 4096, 5000)]
    [InlineData("Input is too long for requested model.", null, null)]
    [InlineData("<html><head><title>413 Request Entity Too Large</title></head>", null, null)]
    public void It_is_read_in_every_form(string said, int? limit, int? asked) =>
        ContextRefusal.Read(Where + said).Should().Be(new ContextRefusal(limit, asked));

    [Fact]
    public void Clients_of_other_makers_are_understood_by_the_status_and_the_words_of_what_they_throw()
    {
        const string tooLong = "HTTP 400 (invalid_request_error: context_length_exceeded)\n\nThis model's maximum context length is 8192 tokens.";
        var refused = new OfOtherMaker(tooLong) { Status = 400 };

        ContextRefusal.Of(refused).Should().Be(new ContextRefusal(8192, null));
        ModelFailure.Classify(refused).Message.Should().Contain("longer than the model takes");
        ContextRefusal.Of(new OfOtherMaker("no such model") { Status = 400 }).Should().BeNull();
        ContextRefusal.Of(new OfOtherMaker(tooLong) { Status = 500 }).Should().BeNull();
        ContextRefusal.Of(new ModelException(ModelErrorKind.Rejected, tooLong)).Should().BeNull();
    }

    private sealed class OfOtherMaker(string message) : Exception(message)
    {
        public required int Status { get; init; }
    }

    [Theory]
    [InlineData("gpt-4o-mini", 128_000)]
    [InlineData("openai/gpt-4.1-nano", 1_047_576)]
    [InlineData("gpt-4", 8_192)]
    [InlineData("Claude-sonnet-4-5", 200_000)]
    [InlineData("llama3.2", null)]
    [InlineData(null, null)]
    public void Models_are_known_by_their_names_where_these_are_their_providers_alone(string? model, int? tokens) => KnownContexts.Find(model).Should().Be(tokens);
}
