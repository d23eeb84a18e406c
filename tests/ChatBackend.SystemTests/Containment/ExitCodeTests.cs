namespace ChatBackend.SystemTests.Containment;

/// <summary>A process that ends because something is broken says so to whatever started it.</summary>
[Trait("failure", "Q1")]
public sealed class ExitCodeTests
{
    [Theory]
    [InlineData("silo")]
    [InlineData("background")]
    public async Task A_process_one_part_of_which_is_broken_does_not_end_with_0(string part)
    {
        await using var server = ServerProcess.Launch(BrokenParts.Settings(part));

        (await server.ExitAsync()).Should().Be(1);

        server.Log.Should().Contain(part == "silo" ? "This silo cannot start." : "This service is broken.");
    }
}
