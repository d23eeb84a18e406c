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

    public ILocator Messages => Page.GetByRole(AriaRole.Log).Locator("li.user");

    public ILocator Runs => Page.GetByRole(AriaRole.Log).Locator("li.run");

    public ILocator Stop => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Stop" });

    public async Task SendAsync(string text)
    {
        var box = Page.GetByLabel("Message");
        await box.FillAsync(text);
        await box.PressAsync("Enter");
    }

    public Task<bool> IsConnectedAsync() => HasTextAsync(Connection, "Connected");

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

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
}
