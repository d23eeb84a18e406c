using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Client;
using ChatBackend.Protocol;
using ChatBackend.Tests.Server;

namespace ChatBackend.Tests.Following;

/// <summary>A device that follows its user's list over a socket: the rows as they were told, the last cursor, and each frame of the list.</summary>
internal sealed class ListWatcher(RawSocket socket) : IAsyncDisposable
{
    private int _commands;

    public RawSocket Socket => socket;

    public Dictionary<string, JsonNode> Rows { get; private set; } = [];

    public string? Cursor { get; private set; }

    /// <summary>Frames of the list, the last one last.</summary>
    public List<JsonElement> Frames { get; } = [];

    /// <summary>What was told so far.</summary>
    public State Told => new(new(Rows), Cursor);

    public static async Task<ListWatcher> ConnectAsync(ChatServer server, GuestSession guest) => new(await server.ConnectRawAsync(guest));

    /// <summary>Connected and caught up, from where it was earlier.</summary>
    public static async Task<ListWatcher> FollowAsync(ChatServer server, GuestSession guest, State? earlier = null)
    {
        var watcher = await ConnectAsync(server, guest);
        if (earlier is not null)
        {
            (watcher.Rows, watcher.Cursor) = (new(earlier.Rows), earlier.Cursor);
        }

        await watcher.FollowAsync();
        return watcher;
    }

    public Task SendAsync(string type, string members = "") => socket.SendAsync($$"""{"type":"{{type}}","id":"w_{{++_commands}}"{{members}}}""");

    /// <summary>From the cursor that it has, or the whole list. Ends with threads_caught_up, which it returns.</summary>
    public async Task<JsonElement> FollowAsync()
    {
        await SendAsync("follow_threads", Cursor is null ? "" : $",\"cursor\":\"{Cursor}\"");
        return await UntilAsync(frame => frame.GetProperty("type").ValueEquals("threads_caught_up"));
    }

    /// <summary>Reads until a frame is as it should be; what is told meanwhile is kept.</summary>
    public async Task<JsonElement> UntilAsync(Func<JsonElement, bool> isIt)
    {
        while (true)
        {
            var frame = await socket.ReceiveAsync();
            Take(frame);
            if (isIt(frame))
            {
                return frame;
            }
        }
    }

    /// <summary>Until the list says of the thread what it should.</summary>
    public async Task<JsonElement> UntilListedAsync(ThreadId thread, Func<JsonElement, bool> isIt) => await UntilAsync(frame =>
        frame.GetProperty("type").ValueEquals("thread_listed") && frame.GetProperty("thread_id").ValueEquals(thread.Value) && isIt(frame));

    /// <summary>Until everything that was told is what REST says now of all threads of the user.</summary>
    public async Task UntilSameAsAsync(RestClient rest)
    {
        var expected = await ListOfAsync(rest);
        while (!IsSame(expected))
        {
            Take(await socket.ReceiveAsync());
        }
    }

    public bool IsSame(Dictionary<string, JsonNode> expected) =>
        Rows.Count == expected.Count && expected.All(row => Rows.TryGetValue(row.Key, out var told) && JsonNode.DeepEquals(told, row.Value));

    /// <summary>All threads of a user by REST, archived ones too.</summary>
    public static async Task<Dictionary<string, JsonNode>> ListOfAsync(RestClient rest)
    {
        var pages = await rest.PagesAsync("/api/threads?limit=200");
        pages.AddRange(await rest.PagesAsync("/api/threads?limit=200&archived=true"));
        return pages.SelectMany(page => page.GetProperty("threads").EnumerateArray())
            .ToDictionary(row => row.GetProperty("thread_id").GetString()!, row => JsonNode.Parse(row.GetRawText())!);
    }

    public ValueTask DisposeAsync() => socket.DisposeAsync();

    private void Take(JsonElement frame)
    {
        var type = frame.GetProperty("type").GetString();
        if (type is not ("thread_listed" or "thread_unlisted" or "threads_caught_up"))
        {
            return;
        }

        Frames.Add(frame);
        Cursor = frame.TryGetProperty("cursor", out var cursor) ? cursor.GetString() : Cursor;
        if (type == "thread_unlisted")
        {
            Rows.Remove(frame.GetProperty("thread_id").GetString()!);
        }
        else if (type == "thread_listed")
        {
            var row = JsonNode.Parse(frame.GetRawText())!.AsObject();
            row.Remove("type");
            row.Remove("cursor");
            Rows[frame.GetProperty("thread_id").GetString()!] = row;
        }
    }

    internal sealed record State(Dictionary<string, JsonNode> Rows, string? Cursor);
}
