namespace ChatBackend.SystemTests.Samples;

/// <summary>The .NET client that README prints, as a process of its own.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task It_prints_the_answer_and_is_the_same_guest_the_next_time()
    {
        using var data = new TestDirectory();
        await using var server = await ServerProcess.StartAsync();

        var guest = await AnsweredAsync();
        (await AnsweredAsync()).Should().Be(guest);

        async Task<string> AnsweredAsync()
        {
            var text = await Shell.RunAsync($"cd '{data.Path}' && exec dotnet '{ServerProcess.DllOf("samples", "Client")}' {server.Http}");
            text.Should().Contain("language model");
            return await File.ReadAllTextAsync(Path.Combine(data.Path, "guest.json"));
        }
    }
}
