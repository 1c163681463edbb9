using System.Diagnostics;
using OrleansScheduler.Agent;

namespace OrleansScheduler.Chaos;

/// <summary>Takes the gateway away from all agents at once, and measures until the last is registered again.</summary>
internal static class RegistrationMeasure
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    /// <summary>The first registration of all, and the one after the gateway was killed.</summary>
    public static async Task<RegistrationReport> Run(ControlPlane plane, int nodes, CancellationToken cancellationToken)
    {
        await using var agents = new VirtualAgents(
            plane.Agents, new SimulatedJobs(TimeProvider.System), new VirtualTaskModel(), TimeProvider.System);
        var before = ProcessUse.Of(plane.Processes);
        agents.Start(Enumerable.Range(0, nodes).Select(VirtualNodes.Of));
        var first = await AllRegistered(plane, agents, nodes, cancellationToken);
        var firstCpu = ProcessUse.Of(plane.Processes).CpuSeconds - before.CpuSeconds;
        await Task.Delay(Rest, TimeProvider.System, cancellationToken);

        var silosBefore = ProcessUse.Of(plane.Silos);
        await Task.WhenAll(plane.Gateways.Select(gateway => gateway.Kill()));
        var gone = Stopwatch.GetTimestamp();
        await Until(() => agents.Registered == 0, () => $"{agents.Registered} agents take themselves for connected", cancellationToken);
        foreach (var gateway in plane.Gateways) gateway.Start();
        await plane.Until(async client => (await client.DescribeCellAsync(cancellationToken)).Value is not null, "no answer");
        var back = Stopwatch.GetElapsedTime(gone);
        var again = await AllRegistered(plane, agents, nodes, cancellationToken);
        return new(
            nodes, first, Math.Round(firstCpu, 1), Math.Round(back.TotalMilliseconds), again,
            Math.Round(ProcessUse.Of(plane.Gateways).CpuSeconds, 1),
            Math.Round(ProcessUse.Of(plane.Silos).CpuSeconds - silosBefore.CpuSeconds, 1), LoadAverage.Now);
    }

    private static async Task<double> AllRegistered(
        ControlPlane plane, VirtualAgents agents, int nodes, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await Until(() => agents.Registered == nodes, () => $"{agents.Registered} of {nodes} agents; {agents.Refusal}", cancellationToken);
        await plane.Until(
            async client => (await client.DescribeCellAsync(cancellationToken)).Value?.Nodes.GetValueOrDefault("ready") == nodes,
            "the cell does not say that all nodes are ready");
        return Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    private static Task<TimeSpan> Until(Func<bool> isSo, Func<string> otherwise, CancellationToken cancellationToken) =>
        Condition.Holds(() => Task.FromResult(isSo()), otherwise, Patience, cancellationToken);
}

/// <summary>How long agents were without a gateway.</summary>
/// <param name="Nodes">How many.</param>
/// <param name="FirstMs">Until all had registered for the first time.</param>
/// <param name="FirstCpuSeconds">Processor time of the control plane meanwhile.</param>
/// <param name="BackMs">From the gateway's SIGKILL until its successor answered.</param>
/// <param name="AgainMs">From then until all had registered again.</param>
/// <param name="GatewayCpuSeconds">Processor time of the new gateway until then, its start included.</param>
/// <param name="SiloCpuSeconds">Processor time of the silos from the SIGKILL until then.</param>
/// <param name="LoadAverage">The machine's at the end.</param>
internal sealed record RegistrationReport(
    int Nodes, double FirstMs, double FirstCpuSeconds, double BackMs, double AgainMs, double GatewayCpuSeconds, double SiloCpuSeconds,
    double LoadAverage)
{
    /// <inheritdoc/>
    public override string ToString() => $"""
        {Nodes} agents; load average {LoadAverage}:
          registered      after {FirstMs:0} ms, {FirstCpuSeconds} s of cpu
          gateway back    {BackMs:0} ms after SIGKILL
          again           {AgainMs:0} ms, {GatewayCpuSeconds} s of cpu of the gateway, {SiloCpuSeconds} s of the silos
        """;
}
