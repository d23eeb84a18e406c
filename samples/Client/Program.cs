using ChatBackend.Client;
using ChatBackend.Protocol;

var server = new Uri(args.FirstOrDefault() ?? "http://localhost:5080");
using var http = new HttpClient { BaseAddress = server };
var guest = await GuestSession.OpenAsync(http, "guest.json"); // the same guest at every start
using var unsent = new FileSendStore("unsent"); // a folder: what has no answer yet outlives the program

await using var chat = await ChatConnection.ConnectAsync(new ChatConnectionOptions
{
    Uri = new UriBuilder(server) { Scheme = "ws", Path = "/ws" }.Uri,
    Token = _ => ValueTask.FromResult(guest.Token),
    SendStore = unsent,
});

var ack = await chat.ChatAsync("Hello");
var thread = chat.FollowerOf(ack.ThreadId!.Value);
await foreach (var frame in thread.Events())
{
    if (frame is AgentDelta delta)
    {
        Console.Write(delta.Text);
    }
    else if (frame is AgentCompleted or AgentStopped or AgentFailed)
    {
        break;
    }
}
