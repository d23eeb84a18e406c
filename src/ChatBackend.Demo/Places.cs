using System.Globalization;
using System.Text;

namespace ChatBackend.Demo;

/// <summary>Time zones by the names people use: cities, a few countries with one zone, and IANA ids.</summary>
internal sealed class Places(Func<IEnumerable<TimeZoneInfo>> zones)
{
    // Reading the system's zones opens hundreds of files: done by the first who asks.
    private readonly Lazy<Dictionary<string, TimeZoneInfo>> _byName = new(() => Index(zones()));

    /// <summary>False on a machine without a time zone database, where every zone but UTC is unknown.</summary>
    public bool HasZones => _byName.Value.Count > 0;

    public static Places OfThisMachine() => new(TimeZoneInfo.GetSystemTimeZones);

    public TimeZoneInfo? Find(string place)
    {
        var name = Fold(place);
        if (name is "utc" or "gmt" or "z" or "zulu")
        {
            return TimeZoneInfo.Utc;
        }

        return _byName.Value.GetValueOrDefault(name)
            ?? _byName.Value.GetValueOrDefault(Fold(place.Split(',')[0])) // "Paris, France"
            ?? OlderId(place.Trim());
    }

    private static Dictionary<string, TimeZoneInfo> Index(IEnumerable<TimeZoneInfo> zones)
    {
        var byId = zones.Where(zone => zone.Id.Contains('/')).OrderBy(zone => zone.Id, StringComparer.Ordinal).ToDictionary(zone => zone.Id);
        var byName = new Dictionary<string, TimeZoneInfo>(StringComparer.Ordinal);
        foreach (var (id, zone) in byId)
        {
            byName.TryAdd(Fold(id), zone);
            byName.TryAdd(Fold(id[(id.LastIndexOf('/') + 1)..]), zone);
        }

        foreach (var (id, names) in OtherNames)
        {
            foreach (var name in byId.ContainsKey(id) ? names : [])
            {
                byName.TryAdd(Fold(name), byId[id]);
            }
        }

        return byName;
    }

    /// <summary>Ids that were renamed (Asia/Calcutta) are not among the system's zones, yet it finds them.</summary>
    private static TimeZoneInfo? OlderId(string id) =>
        // The id becomes a file's path: nothing but the letters of one.
        id.Contains('/') && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-' or '+')
        && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
            ? zone
            : null;

    /// <summary>"São_Paulo", "SAO PAULO" and "sao paulo" are one name.</summary>
    private static string Fold(string name)
    {
        var folded = new StringBuilder(name.Length);
        foreach (var letter in name.Trim().ToLowerInvariant())
        {
            if (letter is '_' or '-' or ' ')
            {
                folded.Append(' ');
            }
            else if (letter is not ('.' or ',' or '\'' or '’') && CharUnicodeInfo.GetUnicodeCategory(letter) != UnicodeCategory.NonSpacingMark)
            {
                var accented = Accented.IndexOf(letter, StringComparison.Ordinal);
                folded.Append(accented < 0 ? letter : Plain[accented]);
            }
        }

        return folded.ToString();
    }

    // Without globalization data, string.Normalize leaves composed letters as they are.
    private const string Accented = "áàâãäåăāąçćčďéèêëęěėğíìîïıłñńňóòôõöøőřśšşșťțúùûüűůýÿžźż";
    private const string Plain = "aaaaaaaaacccdeeeeeeegiiiiilnnnooooooorssssttuuuuuuyyzzz";

    // Cities that people ask for and that have no zone of their own name.
    private static readonly (string Id, string[] Names)[] OtherNames =
    [
        ("America/Los_Angeles", ["San Francisco", "San Diego", "Seattle", "Portland", "Las Vegas", "Silicon Valley", "California", "LA"]),
        ("America/New_York", ["Washington", "Washington DC", "Boston", "Miami", "Atlanta", "Philadelphia", "NYC", "New York City"]),
        ("America/Chicago", ["Houston", "Dallas", "Austin", "New Orleans", "Minneapolis"]),
        ("America/Denver", ["Salt Lake City"]),
        ("America/Toronto", ["Montreal", "Ottawa", "Quebec"]),
        ("America/Edmonton", ["Calgary"]),
        ("America/Sao_Paulo", ["Rio de Janeiro", "Rio", "Brasilia"]),
        ("Europe/London", ["Edinburgh", "Manchester", "Cambridge", "Oxford", "UK", "England", "Scotland"]),
        ("Europe/Berlin", ["Munich", "München", "Hamburg", "Frankfurt", "Cologne", "Köln", "Stuttgart", "Germany"]),
        ("Europe/Zurich", ["Geneva", "Basel", "Bern", "Switzerland"]),
        ("Europe/Vienna", ["Wien", "Austria"]),
        ("Europe/Paris", ["Lyon", "Marseille", "France"]),
        ("Europe/Madrid", ["Barcelona", "Valencia", "Spain"]),
        ("Europe/Rome", ["Milan", "Naples", "Turin", "Florence", "Venice", "Italy"]),
        ("Europe/Amsterdam", ["Rotterdam", "The Hague", "Netherlands"]),
        ("Europe/Warsaw", ["Krakow", "Poland"]),
        ("Europe/Kyiv", ["Kiev", "Ukraine"]),
        ("Europe/Moscow", ["St Petersburg", "Saint Petersburg"]),
        ("Europe/Istanbul", ["Ankara", "Turkey"]),
        ("Asia/Jerusalem", ["Tel Aviv", "Israel"]),
        ("Asia/Dubai", ["Abu Dhabi"]),
        ("Asia/Kolkata", ["Mumbai", "Delhi", "New Delhi", "Bangalore", "Bengaluru", "Chennai", "Hyderabad", "Pune", "Calcutta", "India"]),
        ("Asia/Shanghai", ["Beijing", "Shenzhen", "Guangzhou", "Chengdu", "China"]),
        ("Asia/Tokyo", ["Osaka", "Kyoto", "Japan"]),
        ("Asia/Seoul", ["Busan", "South Korea"]),
        ("Asia/Ho_Chi_Minh", ["Saigon", "Hanoi", "Vietnam"]),
        ("Africa/Johannesburg", ["Cape Town", "Pretoria", "South Africa"]),
        ("Australia/Sydney", ["Canberra"]),
        ("Pacific/Auckland", ["Wellington", "Christchurch", "New Zealand"]),
    ];
}
