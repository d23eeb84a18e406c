using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ChatBackend.Tests.Architecture;

/// <summary>What a reviewer would otherwise have to count.</summary>
public sealed partial class StructureTests
{
    private const int MaxLines = 300;

    /// <summary>The way of a message goes one way; what is to the right of a folder may be referred to from it.</summary>
    [Theory]
    [InlineData("Rest", "Threads", "Agents", "Storage", "Identity", "Telemetry", "Hosting", "Errors")]
    [InlineData("Connections", "Following", "Threads", "Runs", "Agents", "Identity", "Telemetry", "Hosting", "Errors")]
    [InlineData("Following", "Threads.Contracts", "Threads.Publishing", "Storage", "Telemetry", "Hosting", "Errors")]
    [InlineData("Threads", "Runs", "Agents", "Storage", "Telemetry", "Hosting", "Errors")]
    [InlineData("Runs", "Agents", "Storage", "Telemetry", "Hosting")]
    [InlineData("Agents", "Storage")]
    [InlineData("Storage", "Search", "Telemetry", "Errors")]
    [InlineData("Search")]
    [InlineData("Identity", "Storage", "Telemetry")]
    [InlineData("Hosting", "Telemetry", "Errors")]
    [InlineData("Telemetry")]
    [InlineData("Errors")]
    public void A_folder_refers_only_to_those_after_it_on_the_way_of_a_message(string folder, params string[] allowed)
    {
        var references = Repository.Sources($"src/ChatBackend/{folder}")
            .SelectMany(file => Reference().Matches(File.ReadAllText(file.FullName)).Select(match => (file.Name, To: match.Groups["folder"].Value)))
            .Where(reference => !IsIn(folder, reference.To))
            .ToList();

        references.Where(reference => !allowed.Any(folders => IsIn(folders, reference.To))).Should().BeEmpty();

        static bool IsIn(string outer, string inner) => inner == outer || inner.StartsWith($"{outer}.", StringComparison.Ordinal);
    }

    [Fact]
    public void No_file_is_longer_than_anybody_reads()
    {
        var files = Repository.Sources("src", "tests").Where(file => !file.FullName.Contains("Migrations", StringComparison.Ordinal)).ToList();

        files.Should().HaveCountGreaterThan(100);
        files.Select(file => (file.Name, Lines: File.ReadLines(file.FullName).Count())).Where(file => file.Lines > MaxLines).Should().BeEmpty();
    }

    [Fact]
    public void The_readme_names_the_two_commands_that_do_all_set_up()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

        readme.Should().Contain("dotnet run --project src/ChatBackend.Server").And.Contain("bash tests/run");
    }

    [Fact]
    public void The_list_of_failures_names_every_test_file_that_guards_one()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "failures.md"));

        var unnamed = Repository.Sources("tests")
            .SelectMany(file => Failure().Matches(File.ReadAllText(file.FullName)).Select(match => (Id: match.Groups["id"].Value, file.Name)))
            .Distinct()
            .Where(guard => !rows.Any(row => row.StartsWith($"| {guard.Id} |", StringComparison.Ordinal) && row.Contains(guard.Name, StringComparison.Ordinal)))
            .ToList();

        unnamed.Should().BeEmpty();
    }

    /// <summary>A patch that does not apply any more guards nothing, and putting them all in takes minutes.</summary>
    [Fact]
    public async Task Every_known_bug_can_still_be_put_back_in()
    {
        var patches = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "mutants"), "*.patch");
        var outdated = new List<string>();
        foreach (var patch in patches)
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["apply", "--check", patch]) { WorkingDirectory = Repository.Root, RedirectStandardError = true })!;
            await git.StandardError.ReadToEndAsync();
            await git.WaitForExitAsync();
            if (git.ExitCode != 0)
            {
                outdated.Add(Path.GetFileName(patch));
            }
        }

        patches.Should().HaveCountGreaterThan(30);
        outdated.Should().BeEmpty();
    }

    [GeneratedRegex(@"\[Trait\(""failure"", ""(?<id>[A-Z]\d+)""\)\]")]
    private static partial Regex Failure();

    [GeneratedRegex(@"(?<!namespace )\bChatBackend\.(?<folder>(?:Rest|Connections|Following|Threads|Runs|Agents|Storage|Search|Identity|Telemetry|Hosting|Errors)(?:\.[A-Z][a-z]+)*)\b")]
    private static partial Regex Reference();
}
