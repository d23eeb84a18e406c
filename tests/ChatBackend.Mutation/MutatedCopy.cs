using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ChatBackend.Mutation;

/// <summary>A copy of the repository with all chosen mutants in it at once, each behind a switch, so that one build serves them all.</summary>
internal sealed partial class MutatedCopy(string repository, string root)
{
    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview);

    public string TestProgram => Path.Combine(root, "tests/ChatBackend.Tests/bin/Debug/net10.0/ChatBackend.Tests");

    /// <summary>Every mutant that the sources of an area offer, in the order of the text.</summary>
    public IReadOnlyList<Mutant> Find(Area area) => [.. SourcesOf(area).SelectMany(file => Rewrite(area, file, new Dictionary<string, int>()).Found)];

    /// <summary>Copies what git knows of the repository, and what is new in it; files that are the same are left alone, so that the next build is short.</summary>
    public void Copy()
    {
        var files = Run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], repository).Output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var known = files.Where(file => File.Exists(Path.Combine(repository, file))).ToHashSet();
        foreach (var file in known)
        {
            WriteIfOther(Path.Combine(root, file), File.ReadAllBytes(Path.Combine(repository, file)));
        }

        foreach (var folder in new[] { "src", "tests" })
        {
            foreach (var stale in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(root, path)).Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !known.Contains(path)).ToList())
            {
                File.Delete(Path.Combine(root, stale));
            }
        }

        WriteIfOther(Path.Combine(root, "src/ChatBackend.Protocol/Mutants.cs"), Injected("Mutants.cs"));
        WriteIfOther(Path.Combine(root, "tests/ChatBackend.Tests/RecordReach.cs"), Injected("RecordReach.cs"));
    }

    /// <summary>Builds with these mutants.</summary>
    /// <returns>Those that the compiler refuses; when there are any, the rest is to be built again.</returns>
    public IReadOnlyList<Mutant> Build(IReadOnlyDictionary<Mutant, int> mutants)
    {
        var trees = new Dictionary<string, SyntaxTree>();
        var numbers = mutants.ToDictionary(mutant => mutant.Key.Key, mutant => mutant.Value);
        foreach (var area in Area.All)
        {
            foreach (var file in SourcesOf(area))
            {
                var text = Rewrite(area, file, numbers).Text;
                WriteIfOther(Path.Combine(root, file), System.Text.Encoding.UTF8.GetBytes(text));
                trees[file] = CSharpSyntaxTree.ParseText(text, Options);
            }
        }

        // A mutant is held to what the compiler guards, not to the analyzers.
        var (exit, output) = Run(
            "dotnet", ["build", "tests/ChatBackend.Tests", "-v", "quiet", "-nologo", "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false", "-p:NuGetAudit=false"], root);
        if (exit == 0)
        {
            return [];
        }

        var byNumber = mutants.ToDictionary(mutant => mutant.Value, mutant => mutant.Key);
        var refused = CompileError().Matches(output)
            .Select(error => (File: Path.GetRelativePath(root, error.Groups["file"].Value), Error: error))
            .Where(error => trees.ContainsKey(error.File))
            .SelectMany(error => SwitchesNear(trees[error.File], error.Error))
            .Distinct()
            .Select(number => byNumber[number])
            .ToList();
        return refused.Count > 0 ? refused : throw new InvalidOperationException($"The copy does not build, and no mutant explains it:\n{output}");
    }

    /// <summary>The numbers of the mutants in the smallest piece of code around the error that holds any.</summary>
    private static List<int> SwitchesNear(SyntaxTree tree, Match error)
    {
        var line = tree.GetText().Lines[int.Parse(error.Groups["line"].Value, null) - 1];
        var token = tree.GetRoot().FindToken(line.Start + int.Parse(error.Groups["column"].Value, null) - 1);
        return token.Parent!.AncestorsAndSelf()
            .Select(node => node.DescendantNodesAndSelf().OfType<InvocationExpressionSyntax>()
                .Where(call => call.Expression.ToString().Replace(" ", "", StringComparison.Ordinal) == Rewriter.Switch)
                .Select(call => int.Parse(call.ArgumentList.Arguments[0].ToString(), null)).ToList())
            .FirstOrDefault(numbers => numbers.Count > 0) ?? [];
    }

    private (string Text, List<Mutant> Found) Rewrite(Area area, string file, IReadOnlyDictionary<string, int> numbers)
    {
        var syntax = CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(repository, file)), Options).GetRoot();
        var rewriter = new Rewriter(area, file, LogMethods(area), numbers);
        return (rewriter.Visit(syntax)!.ToFullString(), rewriter.Found);
    }

    private HashSet<string> LogMethods(Area area) => [.. SourcesOf(area)
        .SelectMany(file => Rewriter.LogMethodsOf(CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(repository, file)), Options).GetRoot()))];

    private IEnumerable<string> SourcesOf(Area area) =>
        Directory.EnumerateFiles(Path.Combine(repository, area.Sources), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(repository, path))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    private static byte[] Injected(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static void WriteIfOther(string path, byte[] content)
    {
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }

    private static (int Exit, string Output) Run(string program, string[] arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    [GeneratedRegex(@"^\s*(?<file>/[^()\n]+\.cs)\((?<line>\d+),(?<column>\d+)\): error ", RegexOptions.Multiline)]
    private static partial Regex CompileError();
}
