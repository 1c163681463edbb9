using System.Text.Json;

namespace OrleansScheduler.EndToEnd.Tests;

public sealed class SimulateTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_simulated_cell_runs_every_task_exactly_once()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["OSCHED_HOME"] = _directory.State };
        var (exitCode, output, error) = await Osched.Run(
            "simulate --embedded --nodes 200 --tasks 2000 --roles 2 --duration 2s --spread 0.5 -o json", seconds: 120, environment);
        Assert.True(exitCode == 0, $"{output}\n{error}");
        using var json = JsonDocument.Parse(output);
        var report = json.RootElement;
        Assert.Equal((200, 2000, 0, 0, 0), (Number("nodes"), Number("tasks"), Number("lost"), Number("duplicated"), Number("waiting")));
        Assert.True(report.GetProperty("finishedPerSecond").GetDouble() > 0);
        Assert.InRange(report.GetProperty("fairness").GetDouble(), 0.5, 1);
        Assert.True(report.GetProperty("controlPlaneCpuSeconds").GetDouble() > 0);

        int Number(string name) => report.GetProperty(name).GetInt32();
    }
}
