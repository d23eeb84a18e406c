using System.Text.Json;
using ChatBackend.Agents.Tools;

namespace ChatBackend.Tests.Agents.Tools;

/// <summary>What is wrong with arguments, as the model is told it.</summary>
[Trait("failure", "M9")]
public sealed class ArgumentCheckTests
{
    private const string Weather = """
        {"type":"object","required":["place"],"properties":{
          "place":{"type":"string","minLength":2},
          "days":{"type":"integer","minimum":1,"maximum":14},
          "share":{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1},
          "unit":{"enum":["c","f"]},
          "exact":{"type":["boolean","null"]},
          "tags":{"type":"array","maxItems":2,"items":{"type":"string"}},
          "near":{"type":"object","required":["x"],"additionalProperties":false,"properties":{"x":{"type":"number"}}},
          "when":{"anyOf":[{"type":"object","properties":{"day":{"type":"integer"}}},{"type":"null"}]},
          "tree":{"$ref":"#/$defs/node"},
          "version":{"const":2}},
         "$defs":{"node":{"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}}}
        """;

    [Theory]
    [InlineData("""{"place":"Oslo"}""")]
    [InlineData("""{"place":"Oslo","days":14,"share":0.5,"unit":"c","exact":null,"tags":[],"near":{"x":1.5},"when":null,"version":2,"anything":1}""")]
    [InlineData("""{"place":"Oslo","days":"7","exact":"true","near":"{\"x\":1}","tags":"[\"a\"]"}""")]
    [InlineData("""{"place":"42","days":3.0,"when":{"day":1},"tree":{"name":"a","children":[{"name":"b","children":[]}]}}""")]
    public void What_a_tool_can_take_is_not_refused(string arguments) => MistakesOf(arguments, Weather).Should().BeNull();

    [Theory]
    [InlineData("""{}""", "place: is missing, expected a string of at least 2 characters")]
    [InlineData("""{"Place":"Oslo"}""", "place: is missing, expected a string of at least 2 characters; Place: is not known; known are place, days, share, unit, exact, tags, near, when, tree, version")]
    [InlineData("""{"place":42}""", "place: expected a string of at least 2 characters, got 42")]
    [InlineData("""{"place":""}""", "place: expected a string of at least 2 characters, got \"\"")]
    [InlineData("""{"place":"Oslo","days":0}""", "days: expected an integer from 1 to 14, got 0")]
    [InlineData("""{"place":"Oslo","days":"15"}""", "days: expected an integer from 1 to 14, got 15")]
    [InlineData("""{"place":"Oslo","days":1.5}""", "days: expected an integer from 1 to 14, got 1.5")]
    [InlineData("""{"place":"Oslo","days":"soon"}""", "days: expected an integer from 1 to 14, got \"soon\"")]
    [InlineData("""{"place":"Oslo","share":1}""", "share: expected a number over 0 and below 1, got 1")]
    [InlineData("""{"place":"Oslo","unit":"kelvin"}""", "unit: expected one of \"c\", \"f\", got \"kelvin\"")]
    [InlineData("""{"place":"Oslo","exact":1}""", "exact: expected true or false or null, got 1")]
    [InlineData("""{"place":"Oslo","tags":["a","b","c"]}""", "tags: expected an array of at most 2 items, got an array of 3")]
    [InlineData("""{"place":"Oslo","tags":["a",{}]}""", "tags[1]: expected a string, got an object")]
    [InlineData("""{"place":"Oslo","near":{"y":1,"x":2}}""", "near.y: is not known; known are x")]
    [InlineData("""{"place":"Oslo","near":{}}""", "near.x: is missing, expected a number")]
    [InlineData("""{"place":"Oslo","when":{"day":"Monday"}}""", "when.day: expected an integer, got \"Monday\"")]
    [InlineData("""{"place":"Oslo","when":3}""", "when: expected an object or null, got 3")]
    [InlineData("""{"place":"Oslo","tree":{"children":[{"children":[{"name":null}]}]}}""", "tree.children[0].children[0].name: expected a string, got null")]
    [InlineData("""{"place":"Oslo","version":1}""", "version: expected 2, got 1")]
    public void What_is_wrong_is_named_with_its_place_and_what_was_expected(string arguments, string mistakes) =>
        MistakesOf(arguments, Weather).Should().Be($"The arguments do not fit. {mistakes}.");

    [Theory]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"$ref":"#/nowhere"}""")]
    [InlineData("""{"allOf":[{"$ref":"#"}]}""")]
    [InlineData("true")]
    [InlineData("""{"type":7,"enum":"x","required":3,"properties":[],"items":2}""")]
    public void A_schema_that_is_odd_or_goes_round_in_circles_refuses_nothing(string schema) => MistakesOf("""{"a":[1]}""", schema).Should().BeNull();

    [Fact]
    public void Of_many_mistakes_and_long_values_a_few_are_told_in_short()
    {
        var arguments = JsonSerializer.Serialize(Enumerable.Range(0, 500).ToDictionary(n => $"a{n}", _ => new string('y', 5000)));

        var told = MistakesOf(arguments, """{"additionalProperties":{"type":"integer"}}""");

        told.Should().Contain("a0: expected an integer, got \"yyy").And.NotContain("a5:");
        told!.Length.Should().BeLessThan(1002);
    }

    private static string? MistakesOf(string arguments, string schema) => ArgumentCheck.MistakesOf(JsonElement.Parse(arguments), JsonElement.Parse(schema));
}
