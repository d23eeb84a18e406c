using System.Globalization;

namespace ChatBackend.SystemTests.Campaign;

/// <summary>How long a campaign is, and the seed of all its dice.</summary>
internal sealed record CampaignOptions
{
    public const string Usage = "campaign [--minutes 10] [--events 200000] [--kills 20] [--clients 12] [--seed n]";

    /// <summary>By when the events must have been seen and the server killed as often as it is to be.</summary>
    public int Minutes { get; init; } = 10;

    /// <summary>Durable events, counted for each client that sees them, at which the storm is over.</summary>
    public int Events { get; init; } = 200_000;

    /// <summary>How often the server is killed, spread evenly over the events; about one death in five is a SIGTERM and comes on top.</summary>
    public int Kills { get; init; } = 20;

    /// <summary>Places at which somebody sits, each with two tabs at a time; three to a user.</summary>
    public int Clients { get; init; } = 12;

    public int Seed { get; init; } = Random.Shared.Next();

    /// <exception cref="FormatException">They are not options.</exception>
    public static CampaignOptions Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count % 2 != 0)
        {
            throw new FormatException(Usage);
        }

        return arguments.Chunk(2).Aggregate(new CampaignOptions(), (options, pair) =>
        {
            var value = int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException(Usage);
            return pair[0] switch
            {
                "--minutes" => options with { Minutes = value },
                "--events" => options with { Events = value },
                "--kills" => options with { Kills = value },
                "--clients" => options with { Clients = value },
                "--seed" => options with { Seed = value },
                _ => throw new FormatException(Usage),
            };
        });
    }
}
