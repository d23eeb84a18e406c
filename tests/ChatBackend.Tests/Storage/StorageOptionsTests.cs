using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>What an operator who sets nothing gets, and which settings end the start.</summary>
public sealed class StorageOptionsTests
{
    [Fact]
    public void The_defaults_are_those_that_are_documented() => new StorageOptions().Should().BeEquivalentTo(new
    {
        MaxPendingBytes = 67_108_864,
        MaxDatabaseMiB = 0,
        AllowNewLog = false,
        AllowNewKeys = false,
        KeepCommandsDays = 30,
        ReadTimeout = TimeSpan.FromSeconds(10),
        SearchTimeout = TimeSpan.FromSeconds(2),
        MaxConcurrentSearches = Math.Max(1, Math.Min(64, Environment.ProcessorCount / 2)),
        MaxWaitingSearchesPerUser = 32,
    });

    [Fact]
    public void What_is_out_of_range_is_named()
    {
        var refused = new StorageOptionsValidator().Validate(null, new StorageOptions { MaxPendingBytes = 0, KeepCommandsDays = 0, MaxConcurrentSearches = 65 });

        refused.Failures.Should().SatisfyRespectively(
            one => one.Should().Contain(nameof(StorageOptions.MaxPendingBytes)),
            two => two.Should().Contain(nameof(StorageOptions.KeepCommandsDays)),
            three => three.Should().Contain(nameof(StorageOptions.MaxConcurrentSearches)));
        new StorageOptionsValidator().Validate(null, new StorageOptions()).Succeeded.Should().BeTrue();
    }
}
