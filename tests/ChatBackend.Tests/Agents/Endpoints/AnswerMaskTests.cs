using System.Text.Json;
using ChatBackend.Agents;
using ChatBackend.Agents.Endpoints;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents.Endpoints;

/// <summary>Secrets are taken out of an answer, wherever its pieces are cut, and nothing else is.</summary>
public sealed class AnswerMaskTests
{
    private const string Text = "this says sk-sk-secret-1, sk-secret-1sk-s and org-secret-2 as is";

    [Fact]
    [Trait("failure", "M7")]
    public void However_a_text_is_cut_no_secret_is_left_and_the_rest_is_whole()
    {
        for (var size = 1; size < Text.Length; size++)
        {
            var mask = new AnswerMask(["sk-secret-1", "org-secret-2"]);
            List<ChatResponseUpdate> updates = [.. Text.Chunk(size).Select(piece => new ChatResponseUpdate(ChatRole.Assistant, new string(piece)))];
            updates[^1].FinishReason = ChatFinishReason.Stop;

            updates.ForEach(mask.Mask);

            string.Concat(updates.Select(update => update.Text)).Should().Be("this says sk-***, ***sk-s and *** as is", $"in pieces of {size}");
        }
    }

    [Fact]
    [Trait("failure", "M7")]
    public void A_secret_is_taken_out_as_it_stands_in_JSON_and_in_URLs_too()
    {
        const string Key = "key \"7f3a9é+c";
        var endpoint = ModelEndpoint.Of(new ModelEndpointOptions { Name = "a", Endpoint = "http://localhost", Model = "m" }, Key, [new Uri("http://localhost")]);
        var arguments = new Dictionary<string, object?> { ["key"] = Key };
        var update = new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("a", "look", arguments), new TextContent($"{JsonSerializer.Serialize(Key)} {Uri.EscapeDataString(Key)}")])
        {
            FinishReason = ChatFinishReason.Stop,
        };

        new AnswerMask(endpoint.Secrets).Mask(update);

        update.Contents.OfType<FunctionCallContent>().Single().Arguments!["key"]!.ToString().Should().Be("***");
        update.Text.Should().Be("\"***\" ***");
    }

    [Fact]
    public void What_waits_comes_before_what_follows_it()
    {
        var mask = new AnswerMask(["sk-secret-1"]);
        var update = new ChatResponseUpdate(ChatRole.Assistant, [new TextReasoningContent("thoughts"), new TextContent("texts"), new FunctionCallContent("a", "look")]);

        mask.Mask(update);

        string.Join(' ', update.Contents.Select(content => content switch
        {
            TextReasoningContent thought => $"({thought.Text})",
            TextContent text => text.Text,
            _ => "call",
        })).Should().Be("(thought) (s) text s call");
    }
}
