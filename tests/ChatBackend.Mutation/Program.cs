using ChatBackend.Mutation;

// Arguments: names of areas (none: all), and options. docs/mutation.md says how to use it.
var names = args.Where(argument => !argument.StartsWith('-')).ToList();
var seed = int.Parse(Option("seed") ?? "1", null);
var count = int.Parse(Option("count") ?? "40", null);
var areas = Area.All.Where(area => names.Count == 0 || names.Contains(area.Name)).ToList();

var repository = Environment.CurrentDirectory;
var scratch = Directory.CreateDirectory(Path.Combine(repository, "artifacts", "mutation")).FullName;
var equivalent = new Equivalents(Path.Combine(repository, "tests/ChatBackend.Mutation/equivalent.tsv"));
var results = new Results(Path.Combine(scratch, "results.tsv"));
if (args.Contains("--fresh"))
{
    results.Forget(result => result != Results.Refused);
}
else if (args.Contains("--survivors"))
{
    results.Forget(result => result.StartsWith(Results.Survived, StringComparison.Ordinal));
}

var copy = new MutatedCopy(repository, Path.Combine(scratch, "copy"));
var campaign = new Campaign(areas, seed, count, equivalent, results);
campaign.Choose(copy);
if (args.Contains("--list"))
{
    campaign.List();
    return 0;
}

copy.Copy();
campaign.Build(copy);
await campaign.RunAsync(new TestRuns(copy.TestProgram, scratch), int.Parse(Option("at-once") ?? "1", null));
return campaign.Report();

string? Option(string name) => args.FirstOrDefault(argument => argument.StartsWith($"--{name}=", StringComparison.Ordinal))?[(name.Length + 3)..];
