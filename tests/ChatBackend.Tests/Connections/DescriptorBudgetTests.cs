using ChatBackend.Connections;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

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

    [Fact]
    public void A_limit_that_does_not_suffice_for_a_start_ends_it_with_a_remedy()
    {
        FluentActions.Invoking(() => DescriptorBudget.Require(383)).Should().Throw<InvalidOperationException>().WithMessage("*ulimit -n*");
        FluentActions.Invoking(() => DescriptorBudget.Require(384)).Should().NotThrow();
    }

    [Fact]
    public async Task A_socket_whose_descriptor_belongs_to_the_server_itself_is_not_admitted()
    {
        Assert.SkipWhen(FileDescriptors.ReadLimit() is null, "the limit is known on Linux only");
        await using var server = new ChatServer();
        var limit = server.Services.GetRequiredService<ConnectionLimit>();

        limit.Admits(FileDescriptors.CountOpen()!.Value).Should().BeTrue();
        limit.Admits(FileDescriptors.ReadLimit()!.Value - 1).Should().BeFalse();

        limit.Connections.Should().BePositive();
        (await server.GaugeAsync("chat_sockets_refused_total")).Should().Be(1);
    }
}
