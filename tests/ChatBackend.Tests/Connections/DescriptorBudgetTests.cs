using ChatBackend.Connections;

namespace ChatBackend.Tests.Connections;

[Trait("failure", "Q19")]
public sealed class DescriptorBudgetTests
{
    [Theory]
    [InlineData(20_000, 340)]
    [InlineData(700, 340)]
    [InlineData(600, 346)]
    [InlineData(400, 340)]
    public void Connections_and_the_servers_own_files_fit_under_the_limit_together(int limit, int used)
    {
        var budget = DescriptorBudget.Of(limit, used, reserve: 100);

        budget.Connections.Should().BePositive();
        (used + budget.Reserved + budget.Connections).Should().BeLessThan(limit, "those that are refused need a socket too");
        budget.FirstRefused.Should().BeGreaterThan(used + budget.Connections).And.BeLessThan(limit - 10);
    }

    [Theory]
    [InlineData(15_000)]
    [InlineData(100)]
    [InlineData(1)]
    public void The_limit_that_is_recommended_suffices(int connections)
    {
        var needed = DescriptorBudget.Of(700, 340, 100).LimitFor(connections);

        DescriptorBudget.Of(needed, 340, 100).Connections.Should().BeGreaterThanOrEqualTo(connections);
    }

    [Fact]
    public void A_limit_without_room_for_clients_ends_the_start_with_a_remedy() =>
        FluentActions.Invoking(() => DescriptorBudget.Of(350, 340, 100)).Should().Throw<InvalidOperationException>().WithMessage("*ulimit -n*");
}
