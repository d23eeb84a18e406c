using ChatBackend.Agents;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ChatBackend.Runs;

/// <summary>How many agents' models did not answer the last time they were asked. No model is asked for it: that would cost tokens with each probe.</summary>
internal sealed class ModelsCheck(AgentCatalog agents) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var failing = agents.Names.Count(name => agents.Find(name)!.IsModelFailing);
        return Task.FromResult(failing == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded($"models that did not answer the last time: {failing}"));
    }
}
