namespace ChatBackend.Mutation;

/// <summary>What became of mutants, kept in a file as it becomes known, so that a campaign can be broken off and gone on with.</summary>
internal sealed class Results
{
    public const string Refused = "refused by the compiler";
    public const string Survived = "survived";
    public const string Unreached = "survived, reached by no test of its area";

    private readonly string _file;
    private readonly Dictionary<string, string> _known = [];

    public Results(string file)
    {
        _file = file;
        foreach (var row in File.Exists(file) ? File.ReadAllLines(file).Select(line => line.Split('\t')) : [])
        {
            _known[row[0]] = row[1];
        }
    }

    public string? Of(Mutant mutant) => _known.GetValueOrDefault(mutant.Key);

    public void Add(Mutant mutant, string result)
    {
        lock (_known)
        {
            _known[mutant.Key] = result;
            File.AppendAllText(_file, $"{mutant.Key}\t{result}\n");
        }
    }

    public void Forget(Func<string, bool> matches)
    {
        foreach (var (key, _) in _known.Where(known => matches(known.Value)).ToList())
        {
            _known.Remove(key);
        }

        File.WriteAllLines(_file, _known.Select(known => $"{known.Key}\t{known.Value}"));
    }
}
