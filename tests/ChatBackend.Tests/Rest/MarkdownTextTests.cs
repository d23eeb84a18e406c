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
    [InlineData("see http://evil.example/a.b?c=d", "see http\\:\\/\\/evil.example/a.b?c=d\n")]
    [InlineData("HTTPS://x www.x.example //x", "HTTPS\\:\\/\\/x www\\.x.example \\/\\/x\n")]
    [InlineData("mailto:a@b.example xmpp:a tel:+1 a@b", "mailto\\:a\\@b.example xmpp\\:a tel\\:+1 a\\@b\n")]
    [InlineData("at 12:30, see: a/b.cs @home", "at 12:30, see: a/b.cs @home\n")]
    [InlineData("```\nhttp://x\n```", "```\nhttp://x\n```\n")]
    public void Text_stays_text_and_code_stays_code(string text, string expected)
    {
        var document = new StringBuilder();

        MarkdownText.Append(document, text);

        document.ToString().Should().Be(expected);
    }

    [Fact]
    public void A_line_is_one_line() => MarkdownText.Line("a\r\n# <b>\u2028c").Should().Be("a # &lt;b> c");
}
