using Microsoft.Playwright;

namespace ChatBackend.SystemTests.Browser;

/// <summary>The page as a person uses it: by its labels.</summary>
internal sealed class ChatPage : IAsyncDisposable
{
    private readonly List<string> _complaints = [];

    public ChatPage(IPage page)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Add($"{message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _complaints.Add(error);
    }

    public IPage Page { get; }

    /// <summary>What the browser wrote to its console as errors and warnings, violations of the content policy among them.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public ILocator Connection => Page.GetByRole(AriaRole.Status);

    /// <summary>The conversation's messages, as far as they stand in the log; each with <c>data-state</c>.</summary>
    public ILocator Messages => Log.Locator("li.user");

    public ILocator Texts => Messages.Locator("> .content");

    public ILocator Runs => Log.Locator("li.run");

    /// <summary>What is being sent, or waits for its turn.</summary>
    public ILocator Waiting => Page.GetByRole(AriaRole.List, new PageGetByRoleOptions { Name = "Messages that wait" }).Locator("li.user");

    /// <summary>What was replaced, folded away.</summary>
    public ILocator Replaced => Log.Locator("li.replaced");

    public ILocator Stop => Button("Stop");

    public ILocator Box => Page.GetByLabel("Message", new PageGetByLabelOptions { Exact = true });

    public ILocator Threads => Page.GetByRole(AriaRole.Navigation, new PageGetByRoleOptions { Name = "Conversations" });

    private ILocator Log => Page.GetByRole(AriaRole.Log);

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    public async Task SendAsync(string text)
    {
        await Box.FillAsync(text);
        await Box.PressAsync("Enter");
    }

    public Task<bool> IsConnectedAsync() => HasTextAsync(Connection, "Connected");

    /// <summary>Waits until so many are there; false when that does not come.</summary>
    public static async Task<bool> AreAsync(ILocator locator, int count)
    {
        try
        {
            await Assertions.Expect(locator).ToHaveCountAsync(count, new LocatorAssertionsToHaveCountOptions { Timeout = (float)ServerProcess.Deadline.TotalMilliseconds });
            return true;
        }
        catch (PlaywrightException)
        {
            return false;
        }
    }

    /// <summary>Waits for an element with this text; false when it does not come.</summary>
    public static async Task<bool> HasTextAsync(ILocator locator, string text)
    {
        try
        {
            await locator.Filter(new LocatorFilterOptions { HasText = text }).First
                .WaitForAsync(new LocatorWaitForOptions { Timeout = (float)ServerProcess.Deadline.TotalMilliseconds });
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Waits for a text, by what is in the document: what is not drawn yet, or is off the screen, has no inner text (content-visibility).</summary>
    public static Task ShouldReadAsync(ILocator locator, string text) => Assertions.Expect(locator)
        .ToHaveTextAsync(text, new LocatorAssertionsToHaveTextOptions { Timeout = (float)ServerProcess.Deadline.TotalMilliseconds });

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
}
