using System.Collections.Concurrent;
using ChatBackend.Client;
using ConsoleChat;

// dotnet run --project samples/Console -- http://localhost:5080 guest.json
var server = new Uri(args.ElementAtOrDefault(0) ?? "http://localhost:5080");
using var http = new HttpClient { BaseAddress = server };
var guest = await GuestSession.OpenAsync(http, args.ElementAtOrDefault(1) ?? "guest.json"); // the same guest at every start

await using var chat = await ChatConnection.ConnectAsync(new ChatConnectionOptions
{
    Uri = new UriBuilder(server) { Scheme = server.Scheme == Uri.UriSchemeHttps ? "wss" : "ws", Path = "/ws" }.Uri,
    Token = _ => ValueTask.FromResult(guest.Token),
    OnDisconnected = end => Console.WriteLine($"\n[disconnected: {end}]"),
    OnReconnected = _ => Console.WriteLine("[connected again]"),
});
Console.WriteLine($"Connected as {guest.UserId}. Ctrl+C stops an answer; without one it ends the program.");

// What the keyboard does, in order: a line, or null for Ctrl+C. A read of the console cannot be cancelled: its thread ends with the process.
using var keyboard = new BlockingCollection<string?>();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    keyboard.Add(null);
};
new Thread(Read) { IsBackground = true }.Start();

var conversation = new Conversation(chat, Console.Out);
foreach (var input in keyboard.GetConsumingEnumerable())
{
    if (input is null && !conversation.IsAnswering)
    {
        break;
    }

    await conversation.TakeAsync(input);
}

await chat.CloseAsync();
await conversation.Printing;

void Read()
{
    while (Console.ReadLine() is { } line)
    {
        keyboard.Add(line);
    }

    keyboard.CompleteAdding();
}
