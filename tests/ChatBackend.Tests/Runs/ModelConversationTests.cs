using ChatBackend.Runs;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Runs;

/// <summary>What goes to a model is such as the strictest servers take it.</summary>
[Trait("failure", "M2")]
public sealed class ModelConversationTests
{
    [Fact]
    public void What_is_in_order_goes_as_it_is()
    {
        List<ChatMessage> conversation = [Of(ChatRole.System, "Be brief."), Of(ChatRole.User, "a"), Calls("1", "2"), Results("1", "2"), Of(ChatRole.Assistant, "b"), Of(ChatRole.User, "c")];

        Shown(conversation).Should().Equal("system:Be brief.", "user:a", "assistant:call 1 look+call 2 look", "tool:result 1 \"of 1\"+result 2 \"of 2\"", "assistant:b", "user:c");
    }

    [Fact]
    public void Neighbours_of_one_role_are_one_message()
    {
        List<ChatMessage> conversation =
        [
            Of(ChatRole.System, "Be brief."), Of(ChatRole.System, "Be kind."), Of(ChatRole.User, "a"), Of(ChatRole.User, "b"), Of(ChatRole.Assistant, ""), Of(ChatRole.Assistant, " \n"), Of(ChatRole.User, "c"),
            Of(ChatRole.Assistant, "d"), Of(ChatRole.Assistant, "e"), Of(ChatRole.User, "f"),
        ];

        Shown(conversation).Should().Equal("system:Be brief.\n\nBe kind.", "user:a\n\nb\n\nc", "assistant:d\n\ne", "user:f");
    }

    [Fact]
    public void An_answer_of_nothing_but_thinking_is_left_out()
    {
        Shown([Of(ChatRole.User, "a"), new ChatMessage(ChatRole.Assistant, [new TextReasoningContent("hm")]), Of(ChatRole.User, "b")]).Should().Equal("user:a\n\nb");
    }

    [Fact]
    public void Each_call_has_its_result_in_the_next_message_in_the_order_of_the_calls_and_no_result_is_without_its_call()
    {
        List<ChatMessage> conversation =
            [Results("0"), Of(ChatRole.User, "a"), Calls("1", "2", "3"), Results("3"), Results("1", "9"), Of(ChatRole.User, "b"), Calls("4"), Of(ChatRole.Assistant, "c"), Results("4"), Calls("5"), Of(ChatRole.User, "d"), Results("5")];

        Shown(conversation).Should().Equal(
            "user:a", "assistant:call 1 look+call 2 look+call 3 look", "tool:result 1 \"of 1\"+result 2 {\"error\":\"The call was not made.\"}+result 3 \"of 3\"",
            "user:b", "assistant:call 4 look", "tool:result 4 {\"error\":\"The call was not made.\"}", "assistant:c+call 5 look", "tool:result 5 \"of 5\"", "user:d");
    }

    private static List<string> Shown(List<ChatMessage> conversation) =>
        [.. ModelConversation.Of(conversation, "model", hasTools: true).Select(message => $"{message.Role}:{string.Join('+', message.Contents.Select(PlayedModel.TextOf))}")];

    private static ChatMessage Of(ChatRole role, string text) => new(role, text);

    private static ChatMessage Calls(params string[] ids) => new(ChatRole.Assistant, [.. ids.Select(id => new FunctionCallContent(id, "look"))]);

    private static ChatMessage Results(params string[] ids) => new(ChatRole.Tool, [.. ids.Select(id => new FunctionResultContent(id, $"of {id}"))]);
}
