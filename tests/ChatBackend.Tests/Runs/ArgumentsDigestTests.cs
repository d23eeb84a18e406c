using System.Text.Json;
using ChatBackend.Runs;

namespace ChatBackend.Tests.Runs;

[Trait("failure", "P9")]
public sealed class ArgumentsDigestTests
{
    [Theory]
    [InlineData("""{"a":1,"b":{"c":[1,2],"d":"é"}}""", """ { "b" : {"d":"\u00e9","c":[1,2]}, "a":1 } """, true)]
    [InlineData("""{"a":1}""", """{"a":2}""", false)]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""", false)]
    [InlineData("""{"a":1}""", """{"a":"1"}""", false)]
    [InlineData("""{"a":1}""", """{"a":1,"b":null}""", false)]
    public void The_same_arguments_have_the_same_digest_however_they_are_written(string one, string other, bool isSame) =>
        (ArgumentsDigest.Of("mail", JsonElement.Parse(one)) == ArgumentsDigest.Of("mail", JsonElement.Parse(other))).Should().Be(isSame);

    [Fact]
    public void Another_tool_has_another_digest() =>
        ArgumentsDigest.Of("mail", JsonElement.Parse("{}")).Should().NotBe(ArgumentsDigest.Of("mai", JsonElement.Parse("{}"))).And.StartWith("sha256:");
}
