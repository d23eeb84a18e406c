using System.Text;
using ChatBackend.Rest;

namespace ChatBackend.Tests.Rest;

/// <summary>Nothing that is exported becomes HTML, a link or an image.</summary>
public sealed class MarkdownTextTests
{
    [Theory]
    [InlineData("a <b> & [x](javascript:1)", "a &lt;b> &amp; \\[x\\](javascript:1)\n")]
    [InlineData("```cs\nif (a < b) [x]\n```\n<i>", "```cs\nif (a < b) [x]\n```\n&lt;i>\n")]
    [InlineData("```\nleft <open>", "```\nleft <open>\n```\n")]
    [InlineData("~~~~\n~~~\n<in>\n~~~~\n<out>", "~~~~\n~~~\n<in>\n~~~~\n&lt;out>\n")]
    [InlineData("```\n   ```\n<out>", "```\n   ```\n&lt;out>\n")]
    [InlineData("- a\n  ```\n<out>", "- a\n  \\```\n&lt;out>\n")]
    [InlineData("  ~~~\n```\n~~~\n<in>\n```", "  \\~~~\n```\n~~~\n<in>\n```\n")]
    [InlineData("``` <script>\nx\n```", "```\nx\n```\n")]
    [InlineData("``` a`b\n<out>", "``` a`b\n&lt;out>\n")]
    public void Text_stays_text_and_code_stays_code(string text, string expected)
    {
        var document = new StringBuilder();

        MarkdownText.Append(document, text);

        document.ToString().Should().Be(expected);
    }

    [Fact]
    public void A_line_is_one_line() => MarkdownText.Line("a\r\n# <b>\u2028c").Should().Be("a # &lt;b> c");
}
