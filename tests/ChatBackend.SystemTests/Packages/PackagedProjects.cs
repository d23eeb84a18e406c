using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ChatBackend.SystemTests.Packages;

/// <summary>
/// The packages, and projects outside the solution that have nothing but them: made, restored and built once for all tests. Packages of others come from
/// the machine's cache; those of this solution never do, since the folder that they are restored to is new.
/// </summary>
public sealed partial class PackagedProjects : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly TestDirectory _directory = new();

    public string Feed => In("feed");

    public async ValueTask InitializeAsync()
    {
        try
        {
            await BuildAsync();
        }
        catch
        {
            _directory.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    public string In(params string[] path) => Path.Combine([_directory.Path, .. path]);

    public string DllOf(string project) =>
        Directory.GetFiles(In(project, "bin", "Debug"), $"{project}.dll", SearchOption.AllDirectories).Single();

    /// <returns>What the program wrote.</returns>
    public Task<string> RunAsync(string project, params string[] arguments) => DotnetAsync(In(project), [DllOf(project), .. arguments]);

    private static string Root => Path.GetFullPath(Path.Combine(SourceOf("."), "..", "..", ".."));

    private static string MachinePackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string SourceOf(string file, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, file);

    private static string FirstSample(string document) => Sample().Match(File.ReadAllText(Path.Combine(Root, document))).Groups["code"].Value;

    private async Task BuildAsync()
    {
        await DotnetAsync(Root, "pack", Path.Combine("src", "Packages.slnf"), "-o", Feed, "-nologo", "-v", "quiet");
        Write("nuget.config", $"""
            <configuration>
              <packageSources><add key="packed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders><add key="machine" value="{MachinePackages}" /></fallbackPackageFolders>
            </configuration>
            """);

        SampleProject("Embedding", "Microsoft.NET.Sdk.Web", "ChatBackend");
        SampleProject("Host", "Microsoft.NET.Sdk.Web", "ChatBackend");
        SampleProject("Console", "Microsoft.NET.Sdk", "ChatBackend.Client");
        SampleProject("Client", "Microsoft.NET.Sdk", "ChatBackend.Client", "net8.0");
        Project("LibraryReadme", "Microsoft.NET.Sdk.Web", "ChatBackend", code: FirstSample("src/ChatBackend/README.md"));
        Project("ClientReadme", "Microsoft.NET.Sdk", "ChatBackend.Client", "net8.0", Addressed(FirstSample("src/ChatBackend.Client/README.md")));
        Project("ProtocolReadme", "Microsoft.NET.Sdk", "ChatBackend.Protocol", "net8.0", FirstSample("src/ChatBackend.Protocol/README.md") + "Console.Write(frame);");
        Project("TestingReadme", "Microsoft.NET.Sdk", "ChatBackend.Testing", code: FirstSample("src/ChatBackend.Testing/README.md") + """Console.Write($"{answer.Content} {call.Result}");""");
        Project("Outside", "Microsoft.NET.Sdk", "ChatBackend.Testing", code: File.ReadAllText(SourceOf("Outside/Program.cs")));

        await NewAsync("new", "install", Directory.GetFiles(Feed, "ChatBackend.Templates.*.nupkg").Single());
        await NewAsync("new", "chatbackend", "-o", In("Assistant"));

        var projects = Directory.EnumerateDirectories(_directory.Path).Select(Path.GetFileName).Where(name => File.Exists(In(name!, $"{name}.csproj")));
        Write("All.slnx", $"<Solution>{string.Concat(projects.Select(name => $"""<Project Path="{name}/{name}.csproj" />"""))}</Solution>");
        await DotnetAsync(_directory.Path, "build", "All.slnx", "-nologo", "-v", "quiet", "-warnaserror");
    }

    /// <summary>The sample with the server of the test: its addresses are the program's arguments.</summary>
    private static string Addressed(string sample) => sample
        .Replace("\"http://localhost:5080\"", "args[0]", StringComparison.Ordinal)
        .Replace("\"ws://localhost:5080/ws\"", "args[1]", StringComparison.Ordinal);

    private void SampleProject(string name, string sdk, string package, string framework = "net10.0")
    {
        Project(name, sdk, package, framework);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root, "samples", name), "*.cs"))
        {
            File.Copy(file, In(name, Path.GetFileName(file)));
        }
    }

    private void Project(string name, string sdk, string package, string framework = "net10.0", string? code = null)
    {
        Write($"{name}/{name}.csproj", $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <TargetFramework>{framework}</TargetFramework>
                <OutputType>Exe</OutputType>
                <RootNamespace>Outside.{name}</RootNamespace>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <UseAppHost>false</UseAppHost>
                <!-- Only the newest runtime need be installed. -->
                <RollForward>Major</RollForward>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="*-*" />
              </ItemGroup>
            </Project>
            """);
        if (code is not null)
        {
            Write($"{name}/Program.cs", code);
        }
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(path))!);
        File.WriteAllText(In(path), text);
    }

    private Task<string> NewAsync(params string[] arguments) => DotnetAsync(_directory.Path, [.. arguments, "--debug:custom-hive", In("hive")]);

    private async Task<string> DotnetAsync(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var inherited in start.Environment.Keys.Where(key => key.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(inherited);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        if (directory != Root)
        {
            start.Environment["NUGET_PACKAGES"] = In("packages");
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        var text = await output + await errors;
        process.ExitCode.Should().Be(0, "dotnet {0} wrote {1}", string.Join(' ', arguments), text);
        return text;
    }

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Sample();
}
