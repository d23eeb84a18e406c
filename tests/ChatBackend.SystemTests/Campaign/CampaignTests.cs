namespace ChatBackend.SystemTests.Campaign;

/// <summary>The short form of the campaign that <c>dotnet run --project tests/ChatBackend.SystemTests -- campaign</c> runs at length.</summary>
public sealed class CampaignTests(ITestOutputHelper output)
{
    /// <remarks>CHAT_SEED repeats the dice of an earlier run.</remarks>
    [Fact]
    [Trait("failure", "D14")]
    [Trait("failure", "D15")]
    [Trait("failure", "D16")]
    [Trait("failure", "D17")]
    [Trait("failure", "D29")]
    [Trait("failure", "P3")]
    [Trait("failure", "P4")]
    [Trait("failure", "P10")]
    [Trait("failure", "P12")]
    public async Task Through_faults_and_kills_nothing_acknowledged_is_lost_nothing_comes_twice_and_every_run_ends_once()
    {
        var options = new CampaignOptions { Minutes = 4, Events = 10_000, Kills = 3, Clients = 9 };
        options = options with { Seed = Clients.Setting("CHAT_SEED", options.Seed) };

        var result = await new FaultCampaign(options, output.WriteLine).RunAsync();

        output.WriteLine(result.ToString());
        result.FirstViolations.Should().BeEmpty();
        result.SeenEvents.Should().BeGreaterThanOrEqualTo(options.Events);
        result.Killed.Should().Be(options.Kills);
        result.Messages.Should().BeGreaterThanOrEqualTo(result.Acknowledged);
    }
}
