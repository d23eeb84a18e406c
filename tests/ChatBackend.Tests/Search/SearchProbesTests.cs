using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Search;

/// <summary>Words as people write them, in twelve scripts, looked for as people type them.</summary>
public sealed class SearchProbesTests
{
    /// <summary>What was said, and what is looked for in it.</summary>
    private static readonly (string Said, string LookedFor)[] Probes =
    [
        ("我昨天在東京都廳看到了夕陽", "東京都"),
        ("我昨天在東京都廳看到了夕陽", "陽"),
        ("今天天气很好，我们去公园散步吧", "公园散步"),
        ("明日は図書館で勉強するつもりです", "図書館"),
        ("新しいコンピューターを買いました", "コンピューター"),
        ("ｺﾝﾋﾟｭｰﾀｰの画面", "コンピューター"),
        ("かばんが見つかりません", "か\u3099"),
        ("학교에서 친구를 만났습니다", "학교"),
        ("\u1112\u1161\u11AB\u1100\u1173\u11AF 문서", "한글"),
        ("วันนี้อากาศดีมากเลยนะครับ", "อากาศดี"),
        ("ຂ້ອຍມັກກິນເຂົ້າໜຽວຫຼາຍ", "ເຂົ້າໜຽວ"),
        ("ខ្ញុំចូលចិត្តរៀនភាសាខ្មែរ", "ភាសាខ្មែរ"),
        ("ကျွန်တော်မြန်မာစာကိုလေ့လာနေတယ်", "မြန်မာစာ"),
        ("Die Straße ist lang und heiß", "strasse HEISS"),
        ("Die STRASSE war gesperrt", "straße"),
        ("Crème brûlée for the café", "creme cafe\u0301"),
        ("Cre\u0300me de la cre\u0300me", "crème"),
        ("Đường về nhà rất xa", "duong nha"),
        ("Łódź i Gdańsk", "lodz gdansk"),
        ("Smørrebrød på Færøerne", "smorrebrod"),
        ("ＦＵＬＬ ｗｉｄｔｈ １２３", "full width 123"),
        ("the ﬁnal oﬃce", "final office"),
        ("Καλημέρα κόσμε, ΟΔΟΣ", "καλημερα οδος"),
        ("Её ёлка стоит в Москве", "ее елка москве"),
        ("ذَهَبَ الوَلَدُ إِلَى المَدْرَسَةِ", "ذهب الولد المدرسة"),
        ("كتـــاب جديد في المكتبة", "كتاب"),
        ("שָׁלוֹם לְכֻלָּם", "שלום"),
        ("हिन्दी में लिखा हुआ संदेश", "हिन्दी संदेश"),
        ("Great work 👍🏽 team", "👍"),
        ("We ❤️ this", "❤"),
        ("Our family 👨‍👩‍👧 is here", "👨‍👩‍👧"),
        ("Զgուշացեք, Հայաստան", "հայաստան"),
        ("საქართველო ლამაზია", "საქართველო"),
        ("Version net10.0-preview and e-mail anna@example.org", "net10.0 anna@example.org"),
    ];

    [Fact]
    [Trait("failure", "Q16")]
    public async Task Every_word_is_found_in_the_script_it_is_written_in()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        foreach (var (said, _) in Probes.DistinctBy(probe => probe.Said))
        {
            await client.Connection.ChatAsync(said).Soon();
        }

        await server.CatchUpSearchAsync();

        var missed = new List<string>();
        foreach (var (said, lookedFor) in Probes)
        {
            var hits = (await rest.GetAsync($"/api/threads?query={Uri.EscapeDataString(lookedFor)}")).GetProperty("hits").EnumerateArray().ToList();
            if (!hits.Exists(hit => hit.GetProperty("excerpt").GetString() == said && hit.GetProperty("highlights").GetArrayLength() > 0))
            {
                missed.Add($"{lookedFor} in {said}");
            }
        }

        missed.Should().BeEmpty();
    }

    [Theory]
    [Trait("failure", "Q16")]
    [InlineData("東京都廳", "京東")]
    [InlineData("วันนี้อากาศดี", "ดีอากาศ")]
    [InlineData("カバン", "ハハ")]
    [InlineData("ガラス", "カ")]
    [InlineData("read the well-known book", "known-well")]
    [InlineData("👨‍👩‍👧", "👨")]
    public async Task What_only_shares_letters_is_not_found(string said, string lookedFor)
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        await client.Connection.ChatAsync(said).Soon();
        await server.CatchUpSearchAsync();

        var rest = await server.RestAsync(client.Guest);

        (await rest.GetAsync($"/api/threads?query={Uri.EscapeDataString(lookedFor)}")).GetProperty("hits").GetArrayLength().Should().Be(0);
    }

    [Fact]
    [Trait("failure", "Q16")]
    public async Task A_word_that_was_edited_away_is_not_found_nor_the_answer_to_it()
    {
        await using var server = new ChatServer();
        await using var client = await server.ConnectAsync();
        var rest = await server.RestAsync(client.Guest);
        var first = await client.PlayAsync("""{"steps":[{"say":"apricots it is"}]}""");
        await client.EndOfAsync(first);
        await server.CatchUpSearchAsync();
        (await rest.GetAsync("/api/threads?query=apricots")).GetProperty("hits").GetArrayLength().Should().Be(2);

        await client.EndOfAsync(await client.PlayAsync("""{"steps":[{"say":"bananas it is"}]}""", first.ThreadId, replaces: first.MessageId));

        (await rest.GetAsync("/api/threads?query=apricots")).GetProperty("hits").GetArrayLength().Should().Be(0, "the log says so, whatever the index has");
        await server.CatchUpSearchAsync();
        (await rest.GetAsync("/api/threads?query=bananas")).GetProperty("hits").GetArrayLength().Should().Be(2);
    }

    [Fact]
    [Trait("failure", "Q9")]
    public async Task Searches_for_one_word_a_thousand_times_leave_the_server_to_others()
    {
        await using var server = new ChatServer();
        await using var hostile = await server.ConnectAsync();
        await hostile.Connection.ChatAsync(string.Concat(Enumerable.Repeat("a ", 1000))).Soon();
        await server.CatchUpSearchAsync();
        var rest = await server.RestAsync(hostile.Guest);
        var query = Uri.EscapeDataString(string.Join(' ', Enumerable.Repeat("a", 32)));

        var searches = Enumerable.Range(0, 40).Select(_ => rest.SendAsync(HttpMethod.Get, $"/api/threads?query={query}")).ToList();
        await using var other = await server.ConnectAsync();
        await other.EndOfAsync(await other.PlayAsync("""{"steps":[{"say":"hello"}]}"""));

        foreach (var answer in await Task.WhenAll(searches).Soon())
        {
            ((int)answer.StatusCode).Should().BeOneOf(200, 503);
        }
    }
}
