using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The page as a person uses it: by roles and names.</summary>
internal sealed partial class ChatPage : IAsyncDisposable
{
    private readonly List<string> _complaints = [];

    public ChatPage(IPage page)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !Expected(message))
            {
                _complaints.Add($"{message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _complaints.Add(error);
    }

    public IPage Page { get; }

    /// <summary>The server goes away, or the network: what the browser itself writes about that is no complaint.</summary>
    public bool MayBeCutOff { get; set; }

    /// <summary>What the browser wrote to its console as errors and warnings, violations of the content policy among them.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>What is wrong with the connection; nothing while all is well.</summary>
    public ILocator Connection => Page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "Connection", Exact = true });

    public ILocator Transcript => Page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "Messages", Exact = true });

    public ILocator Messages => Page.GetByRole(AriaRole.Article, new PageGetByRoleOptions { Name = "You said", Exact = true });

    public ILocator Texts => Messages.Locator(".bubble");

    public ILocator Runs => Page.GetByRole(AriaRole.Article, new PageGetByRoleOptions { NameRegex = Answer() });

    /// <summary>Answers that have ended, however.</summary>
    public ILocator Ended => Page.GetByRole(AriaRole.Article, new PageGetByRoleOptions { NameRegex = Answered() });

    /// <summary>What was said in answers, a piece for each text between tool calls.</summary>
    public ILocator Answers => Runs.Locator(".content");

    /// <summary>How answers ended, for those that did not end as usual.</summary>
    public ILocator Endings => Runs.Locator(".ending");

    /// <summary>The lines that tell what an agent thought and did; each opens to a list of steps.</summary>
    public ILocator Work => Runs.Locator(".work > button");

    /// <summary>What is acknowledged and waits for the open run.</summary>
    public ILocator Waiting => Page.GetByRole(AriaRole.List, new PageGetByRoleOptions { Name = "Messages that wait" }).GetByRole(AriaRole.Listitem);

    public ILocator Stop => Button("Stop");

    public ILocator Box => Page.GetByRole(AriaRole.Textbox, new PageGetByRoleOptions { Name = "Message", Exact = true });

    public ILocator Threads => Page.GetByRole(AriaRole.Navigation, new PageGetByRoleOptions { Name = "Chats" });

    public ILocator Titles => Threads.GetByRole(AriaRole.Listitem).GetByRole(AriaRole.Link);

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog).Or(Page.GetByRole(AriaRole.Alertdialog));

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>An item of the menu that is open.</summary>
    public ILocator MenuItem(string name) => Page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = name }).Or(
        Page.GetByRole(AriaRole.Menuitemradio, new PageGetByRoleOptions { Name = name }));

    /// <summary>Waits until it has been connected: then it knows who answers.</summary>
    public async Task ConnectedAsync()
    {
        await Expect(Box).ToHaveAttributeAsync("placeholder", KnowsAgent());
        await Expect(Connection).ToHaveCountAsync(0);
    }

    public async Task ChooseAgentAsync(string name)
    {
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = AgentMenu() }).ClickAsync();
        await MenuItem(name).ClickAsync();
    }

    public async Task SendAsync(string text)
    {
        await Box.FillAsync(text);
        await Box.PressAsync("Enter");
    }

    public async Task OfThreadAsync(string title, string action)
    {
        var more = $"More for “{title}”";
        var row = Threads.GetByRole(AriaRole.Listitem).Filter(new() { Has = Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = more }) });
        await row.HoverAsync(); // shows it
        await row.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = more }).ClickAsync();
        await MenuItem(action).ClickAsync();
    }

    /// <summary>Who the page is signed in as, and what else it keeps of its session.</summary>
    public async Task<JsonElement> SessionAsync() => JsonDocument.Parse(await Page.EvaluateAsync<string>("""
        async () => {
          const request = indexedDB.open(`chat ${new URL(document.baseURI).pathname}`);
          const database = await new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
          const read = database.transaction("kept").objectStore("kept").get(0);
          const kept = await new Promise((resolve, reject) => { read.onsuccess = () => resolve(read.result); read.onerror = () => reject(read.error); });
          database.close();
          return JSON.stringify(kept);
        }
        """)).RootElement;

    public async Task<string> UserAsync() => (await SessionAsync()).GetProperty("user").GetString()!;

    /// <summary>For a test that does what the page never does.</summary>
    public IReadOnlyList<string> ForgetComplaints()
    {
        var complaints = _complaints.ToList();
        _complaints.Clear();
        return complaints;
    }

    public string ThreadId => Page.Url.Split("#/t/")[1].Split('/')[0];

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();

    // On its first visit the page asks whether its cookie is still there, and the browser writes the answer down.
    private bool Expected(IConsoleMessage message) =>
        (message.Text.Contains("status of 401", StringComparison.Ordinal) && message.Location.Contains("/api/agents", StringComparison.Ordinal))
        || message.Text.Contains("Service Worker registration blocked by Playwright", StringComparison.Ordinal)
        || (MayBeCutOff && CutOff().IsMatch(message.Text));

    [GeneratedRegex(" (answered|is answering)$")]
    private static partial Regex Answer();

    [GeneratedRegex(" answered$")]
    private static partial Regex Answered();

    [GeneratedRegex("^Message .|^Write the next message$")]
    private static partial Regex KnowsAgent();

    [GeneratedRegex("^Agent: ")]
    private static partial Regex AgentMenu();

    [GeneratedRegex("net::ERR_|^WebSocket connection to ")]
    private static partial Regex CutOff();
}
