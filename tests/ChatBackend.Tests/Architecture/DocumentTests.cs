using System.Globalization;
using System.Text.RegularExpressions;

namespace ChatBackend.Tests.Architecture;

/// <summary>Links, numbers and paths in the documents, which nothing else checks.</summary>
public sealed partial class DocumentTests
{
    private static readonly string Decisions = Path.Combine(Repository.Root, "docs", "decisions");

    [Fact]
    public void Decisions_are_numbered_without_a_hole()
    {
        var files = DecisionFiles();

        files.Should().NotBeEmpty();
        files.Select(file => file[..5]).Should().Equal(Enumerable.Range(1, files.Count).Select(number => $"{number:D4}-"));
    }

    [Fact]
    public void Every_decision_begins_with_its_title_its_status_and_its_date()
    {
        var malformed = DecisionFiles().Where(file =>
        {
            var lines = File.ReadAllLines(Path.Combine(Decisions, file));
            var number = int.Parse(file.AsSpan(0, 4), CultureInfo.InvariantCulture);
            return lines.Length < 4 || !lines[0].StartsWith($"# {number}. ", StringComparison.Ordinal) || lines[1].Length > 0 || !Status().IsMatch(lines[2]) || lines[3].Length > 0;
        });

        malformed.Should().BeEmpty("a decision begins with '# 7. Title', an empty line and 'Status: accepted, 2026-01-31' or 'Status: superseded by 0012, 2026-01-31'");
    }

    [Fact]
    public void Every_decision_is_listed_in_the_architecture_under_its_title()
    {
        var listed = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "architecture.md")).Where(line => line.StartsWith("- [0", StringComparison.Ordinal));

        listed.Should().Equal(DecisionFiles().Select(file => $"- [{file[..4]}](decisions/{file}) {File.ReadLines(Path.Combine(Decisions, file)).First().Split(". ", 2)[1]}"));
    }

    [Fact]
    public void A_number_of_a_decision_agrees_with_the_link_behind_it()
    {
        var wrong = Markdown()
            .SelectMany(file => NumberedLink().Matches(File.ReadAllText(file)).Select(match => (From: Path.GetFileName(file), match.Value, Said: match.Groups["said"].Value, Linked: match.Groups["linked"].Value)))
            .Where(link => int.Parse(link.Said, CultureInfo.InvariantCulture) != int.Parse(link.Linked, CultureInfo.InvariantCulture));

        wrong.Should().BeEmpty();
    }

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_to_a_heading_of_it()
    {
        var links = Markdown().SelectMany(file => Link().Matches(File.ReadAllText(file)).Select(match => (From: file, To: match.Groups["to"].Value, Heading: match.Groups["heading"].Value))).ToList();

        var broken = links.Where(link =>
        {
            var target = link.To.Length == 0 ? link.From : Path.Combine(Path.GetDirectoryName(link.From)!, link.To);
            return link.Heading.Length > 0 ? !File.Exists(target) || !Headings(target).Contains(link.Heading) : !Path.Exists(target);
        });

        links.Should().NotBeEmpty();
        broken.Should().BeEmpty();
    }

    [Fact]
    public void Every_path_that_the_guide_for_contributors_names_exists()
    {
        var guide = File.ReadAllText(Path.Combine(Repository.Root, "CONTRIBUTING.md"));
        var paths = RepositoryPath().Matches(guide).Select(match => match.Value).Distinct().ToList();

        paths.Should().HaveCountGreaterThan(40);
        paths.Where(path => !Path.Exists(Path.Combine(Repository.Root, path))).Should().BeEmpty();
    }

    [Fact]
    public void The_guide_for_contributors_answers_ten_questions_with_a_path()
    {
        var answers = File.ReadLines(Path.Combine(Repository.Root, "CONTRIBUTING.md")).Where(line => line.StartsWith("| Where ", StringComparison.Ordinal)).ToList();

        answers.Should().HaveCount(10);
        answers.Where(line => !RepositoryPath().IsMatch(line)).Should().BeEmpty();
    }

    [Fact]
    public void Every_log_line_in_the_guide_for_operators_is_one_that_the_server_writes()
    {
        var source = string.Concat(Repository.Sources("src").Select(file => File.ReadAllText(file.FullName)));
        var fragments = File.ReadLines(Path.Combine(Repository.Root, "docs", "operations.md"))
            .SkipWhile(line => !line.StartsWith("| level | line |", StringComparison.Ordinal))
            .TakeWhile(line => line.StartsWith('|'))
            .SelectMany(row => Quoted().Matches(row.Split('|')[2]).Select(match => match.Groups["text"].Value))
            .SelectMany(line => Placeholder().Split(line))
            .Select(fragment => fragment.Trim(' ', '.', ',', ';', ':', '(', ')', '='))
            .Where(fragment => fragment.Length >= 4)
            .ToList();

        fragments.Should().HaveCountGreaterThan(30);
        fragments.Where(fragment => !source.Contains(fragment, StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Fact]
    public void The_workflow_leaves_out_on_Windows_the_test_classes_that_are_marked_for_Linux()
    {
        var marked = Repository.Sources("tests/ChatBackend.Tests")
            .Where(file => MarkedForLinux().IsMatch(File.ReadAllText(file.FullName)))
            .Select(file => Path.GetFileNameWithoutExtension(file.Name));
        var workflow = File.ReadAllText(Path.Combine(Repository.Root, ".github", "workflows", "ci.yml"));

        LeftOut().Matches(workflow).Select(match => match.Groups["name"].Value).Should().BeEquivalentTo(marked);
    }

    private static List<string> DecisionFiles() => [.. Directory.EnumerateFiles(Decisions).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Markdown() => Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
        .Concat(Directory.EnumerateFiles(Repository.Root, "*.md"));

    /// <summary>The names that GitHub gives to the headings of a file.</summary>
    private static HashSet<string> Headings(string file) =>
        [.. File.ReadLines(file).Where(line => Heading().IsMatch(line)).Select(line => NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), string.Empty).Replace(' ', '-'))];

    [GeneratedRegex(@"^Status: (accepted|superseded by \d{4}), \d{4}-\d{2}-\d{2}$")]
    private static partial Regex Status();

    [GeneratedRegex(@"\[(decision )?(?<said>\d{1,4})\]\([^)]*?(?<linked>\d{4})-[^)]*\)")]
    private static partial Regex NumberedLink();

    [GeneratedRegex(@"\]\((?!https?:|mailto:)(?<to>[^)#\s]*)(#(?<heading>[^)\s]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<![\w/.])(src|tests|docs|\.github)/[\w./-]*\w")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"^\[SupportedOSPlatform\(""linux""\)\]\r?$", RegexOptions.Multiline)]
    private static partial Regex MarkedForLinux();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[^}]*\}|…")]
    private static partial Regex Placeholder();

    [GeneratedRegex("FullyQualifiedName!~(?<name>[A-Za-z]+)")]
    private static partial Regex LeftOut();

    [GeneratedRegex("^#{1,6} ")]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\- _]")]
    private static partial Regex NotInAnchor();
}
