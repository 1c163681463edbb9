using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class PackingCommandTests : IDisposable
{
    private const string Nodes = "node,cpu_milli,memory_mib,gpu,gpu_model\na,8000,8192,2,red\nb,8000,8192,0,\n";
    private const string TasksHeader = "pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,creation_s,deletion_s\n";
    private const string Tasks = TasksHeader + "p,1000,1024,1,500,,0,10\nq,1000,1024,1,1000,red,1,5\nr,1000,1024,0,0,,2,9\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("osched-packing-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Rows_are_json_with_their_own_names()
    {
        var outcome = await RunAsync(Nodes, Tasks, "--seeds", "2", "-o", "json");
        Assert.Equal(0, outcome.Code);
        var rows = JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray().ToList();
        var first = rows[0];
        Assert.Equal(("tasks.csv", "inflation", "pack"),
            (first.GetProperty("trace").GetString(), first.GetProperty("test").GetString(), first.GetProperty("scorer").GetString()));
        foreach (var name in (string[])["placed", "dropped", "gpuAllocatedAt100", "gpuAllocatedAtEnd", "fragmentation", "usPerDecision"])
            Assert.True(first.TryGetProperty(name, out _), name);
        Assert.Contains(rows, row => row.GetProperty("test").GetString() == "replay" && row.TryGetProperty("p99WaitSeconds", out _));
    }

    [Fact]
    public async Task Tables_are_for_people_and_progress_is_beside_them()
    {
        var outcome = await RunAsync(Nodes, Tasks, "--seeds", "1");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("best-fit-decreasing (offline)", outcome.Output);
        Assert.Contains("MEAN WAIT s", outcome.Output);
        Assert.Contains("tasks.csv: 2 machines, 3 tasks", outcome.Error);
    }

    [Fact]
    public async Task Halves_are_told_apart()
    {
        Assert.Contains("2 machines, 2 tasks", (await RunAsync(Nodes, Tasks, "--seeds", "1", "--half", "even")).Error);
        Assert.Contains("2 machines, 1 task,", (await RunAsync(Nodes, Tasks, "--seeds", "1", "--half", "odd")).Error);
    }

    [Fact]
    public async Task The_log_of_a_batch_system_is_understood_and_its_own_waits_stand_beside_ours()
    {
        var outcome = await RunAsync(
            "cluster,nodes,cpus_per_node,ram_kib_per_node\nred,2,8,8388608\nblue,1,4,8388608\n",
            """
            job,submit_unix,wait_s,run_s,req_mem_bytes,nodes,ppn,properties
            0,100,7,10,1073741824,2,8,cl_red#excl
            1,101,9,-5,1073741824,1,1.5,x|cl_blue

            """, "--seeds", "1", "-o", "json");
        Assert.Equal(0, outcome.Code);
        var rows = JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray()
            .Where(row => row.GetProperty("test").GetString() == "replay").ToList();
        Assert.Equal(8, rows.Single(row => row.GetProperty("scorer").GetString() == "recorded").GetProperty("meanWaitSeconds").GetDouble());
        Assert.All(rows, row => Assert.Equal(2, row.GetProperty("placed").GetDouble()));
    }

    [Theory]
    [InlineData("", Tasks, "is empty")]
    [InlineData("node,cpu_milli,memory_mib,gpu,gpu_model\n", Tasks, "has no rows")]
    [InlineData("node,cpu_milli,gpu,gpu_model\na,1,1,x\n", Tasks, "nodes.csv, line 2: there is no column memory_mib")]
    [InlineData("node,cpu_milli,memory_mib,gpu,gpu_model\na,-1,1,0,\n", Tasks, "line 2: cpu_milli must be a whole number from 0")]
    [InlineData("node,cpu_milli,memory_mib,gpu,gpu_model\na,1,1,99999,\n", Tasks, "gpu must be a whole number from 0 to 1024")]
    [InlineData("node,node,cpu_milli,memory_mib,gpu,gpu_model\na,a,1,1,0,\n", Tasks, "has two columns node")]
    [InlineData("node,cpu_milli,memory_mib,gpu,gpu_model\na,0,1,0,\n", Tasks, "neither GPUs nor cpu")]
    [InlineData(Nodes, TasksHeader, "has no rows")]
    [InlineData(Nodes, TasksHeader + "p,1,1,1,1500,,0,1\n", "tasks.csv, line 2: gpu_milli must be a whole number from 0 to 1000")]
    [InlineData(Nodes, TasksHeader + "p,1,1,1,x,,0,1\n", "gpu_milli must be a number, not 'x'")]
    [InlineData(Nodes, TasksHeader + "p,1,1\n", "line 2: there is no column num_gpu")]
    [InlineData(Nodes, TasksHeader + "p,0,1,0,0,,0,1\n", "neither GPUs nor cpu")]
    public async Task What_is_wrong_with_a_file_is_said(string nodes, string tasks, string message)
    {
        var outcome = await RunAsync(nodes, tasks, "--seeds", "1");
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.StartsWith("osched: ", outcome.Error);
        Assert.Contains(message, outcome.Error);
    }

    [Fact]
    public async Task Files_come_in_pairs_and_must_be_there()
    {
        Assert.Equal(2, (await CommandLine.RunAsync("bench", "packing", "--nodes", "x")).Code);
        var outcome = await CommandLine.RunAsync("bench", "packing", "--nodes", Path.Combine(_directory, "no"), "--tasks", "no");
        Assert.Equal(1, outcome.Code);
        Assert.StartsWith("osched: ", outcome.Error);
    }

    [Fact]
    public void The_traces_in_the_program_are_those_that_were_published()
    {
        Assert.Equal(1523, WorkloadTrace.ReadNodes(null).Count);
        Assert.Equal(8152, WorkloadTrace.ReadTasks(null).Count);
        Assert.Equal(2388, WorkloadTrace.ReadTasks(null, "openb_pods_gpuspec33").Count(task => task.Models.Length > 0));
    }

    private async Task<Outcome> RunAsync(string nodes, string tasks, params string[] options)
    {
        var (nodesFile, tasksFile) = (Path.Combine(_directory, "nodes.csv"), Path.Combine(_directory, "tasks.csv"));
        await File.WriteAllTextAsync(nodesFile, nodes, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(tasksFile, tasks, TestContext.Current.CancellationToken);
        return await CommandLine.RunAsync(["bench", "packing", "--nodes", nodesFile, "--tasks", tasksFile, .. options]);
    }
}
