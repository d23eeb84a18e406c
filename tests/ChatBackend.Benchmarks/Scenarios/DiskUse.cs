using System.Text;
using System.Text.Json;
using ChatBackend.Benchmarks.Load;
using ChatBackend.Benchmarks.Report;
using ChatBackend.Benchmarks.Servers;

namespace ChatBackend.Benchmarks.Scenarios;

/// <summary>How much room a byte of text takes on the disk once the server has stopped, log and search index together.</summary>
internal static class DiskUse
{
    private const int Clients = 20;
    private const int Texts = 4_000_000;

    // As long as people's and models' texts are; and as long as a document that is pasted.
    private static readonly (string Name, int MinWords, int MaxWords, double? Bar)[] Kinds =
    [
        ("texts of 1 KB on average", 5, 255, 1.6),
        ("texts of 50 KB on average", 5000, 8000, 1.6),
    ];

    public static async Task RunAsync(Results results)
    {
        var table = new Table("Room on the disk", $"{Clients} connections, each a thread of its own; in each turn a text is sent, and answered by the same words.");
        foreach (var (name, min, max, bar) in Kinds)
        {
            var directory = Directory.CreateTempSubdirectory("chat-benchmark-");
            try
            {
                var text = await ChatAsync(directory.FullName, min, max);
                var (log, index) = (Length(directory, "chat.db*"), Length(directory, "search.db*"));
                table.Add(name, "MB of text", text / 1e6);
                table.Add(name, "log, bytes per byte of text", log / (double)text);
                table.Add(name, "search index, bytes per byte of text", index / (double)text);
                results.Add(new Figure($"bytes on the disk for a byte of text, {name}", [(log + index) / (double)text], "", bar, 1.4));
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }

        results.Add(table);
    }

    /// <returns>Bytes of text.</returns>
    private static async Task<long> ChatAsync(string directory, int minWords, int maxWords)
    {
        using var loop = new LoadLoop();
        await using var server = await ServerUnderLoad.StartAsync(Contestant.Ours, directory: directory, cores: null);
        var crowd = await Crowd.ConnectAsync(loop, server, Clients);
        var (random, text) = (new Random(1), 0L);
        while (text < 2L * Texts)
        {
            foreach (var client in crowd.Clients)
            {
                var answer = string.Join(' ', Enumerable.Range(0, random.Next(minWords, maxWords)).Select(_ => $"word{(int)Math.Pow(20_000, random.NextDouble())}"));
                var content = JsonSerializer.Serialize(new { steps = new[] { new { say = answer, chunks = 1 } } });
                text += Encoding.UTF8.GetByteCount(content) + Encoding.UTF8.GetByteCount(answer);
                client.Chat(content, answer);
            }

            crowd.Until(() => crowd.Clients.TrueForAll(client => !client.IsInTurn || client.Failure is not null), "texts");
            crowd.ThrowIfFailed();
        }

        // What the index has not taken in yet.
        loop.RunFor(TimeSpan.FromSeconds(3));
        return text;
    }

    private static long Length(DirectoryInfo directory, string files) => directory.EnumerateFiles(files).Sum(file => file.Length);
}
