using ChatBackend.Protocol;
using static ChatBackend.SystemTests.Samples.ToolsByName;

namespace ChatBackend.SystemTests.Samples;

/// <summary>The sample that README prints, as a process of its own, with a provider that plays its model.</summary>
[Trait("failure", "Q27")]
public sealed class EmbeddingTests
{
    [Fact]
    public async Task The_sample_calls_its_tools_reports_progress_and_asks_only_over_a_hundred()
    {
        await using var provider = await StartModelAsync();
        await using var shop = await ServerProcess.StartAsync(new ServerSettings
        {
            Program = ServerProcess.DllOf("samples", "Embedding"),
            Configuration = new Dictionary<string, string> { ["Model"] = provider.Endpoint },
        });
        var frames = new Recorded();
        await using var client = await shop.ConnectAsync(await shop.GuestAsync(), frames.Add);
        frames.All.OfType<ConnectionEstablished>().Single().Agents.Should().Equal("support");

        (await AskAsync(client, """order_status {"order":"B-17"}""")).Result!.Value.GetString().Should().Be("sent");
        (await AskAsync(client, """order_status {"order":"B-99"}""")).Error.Should().Be("There is no order B-99.");
        (await AskAsync(client, """refund {"order":"B-17","amount":99.5}""")).Result!.Value.GetString().Should().StartWith("99.50 for B-17 goes back to usr_");
        frames.All.OfType<ToolProgress>().Should().ContainSingle().Which.Should().BeEquivalentTo(new { Text = "The bank is asked", Fraction = (double?)0.5 });
        frames.All.OfType<ApprovalRequired>().Should().BeEmpty();
        (await AskAsync(client, """refund {"order":"B-17","amount":150}""", approves: true)).Outcome.Should().Be(ToolOutcome.Succeeded);
        frames.All.OfType<ApprovalRequired>().Should().ContainSingle();
        (await AskAsync(client, """refund {"order":"B-17","amount":5000}""")).Should().BeEquivalentTo(new { Outcome = ToolOutcome.Rejected, Error = "Refunds over 1000 are made by phone." });

        provider.Requests[0].Body.GetProperty("messages")[0].GetProperty("content").GetString()
            .Should().Be("You help the customers of a bookshop.\n\nThe shop is closed on Sundays.");
        (await shop.TerminateAsync()).Should().Be(0);
        shop.Log.Should().Contain("had order_status called: Succeeded").And.Contain("Completed after");
    }
}
