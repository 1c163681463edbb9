using System.Net;
using System.Text;
using System.Text.Json;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class ScalingTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "prod", "web");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-scaling-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_service_has_as_many_instances_as_its_metric_asks_for_and_keeps_them_when_nobody_answers()
    {
        var port = LoopbackPort.Free();
        using var server = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
        server.Start();
        var load = 40;
        var serving = Serve(server, () => load);

        await using (var cell = await TestCell.Start(_directory, b => b.Configuration["Cell:Prometheus"] = $"http://127.0.0.1:{port}/"))
        {
            await cell.Submit(Service());
            load = 90;
            await cell.Until(Key, v => v.Instances == 6);
            load = 145;
            await cell.Until(Key, v => v.Instances == 10);
            server.Stop();
            var blind = await cell.Until(Key, v => v.ScaleFailure is not null);
            Assert.Equal(10, blind.Instances);
        }

        await serving;
    }

    [Fact]
    public async Task A_service_has_as_many_instances_as_its_cpu_asks_for()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var nodes = await Nodes.Start(cell, 2, _ => ScheduleStatus.Running);
        await cell.Submit(Service() with { Scale = Service().Scale! with { Metric = "", Cpu = 50, Cooldown = TimeSpan.FromMinutes(5) } });
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 4);
        Assert.NotNull((await cell.Until(Key, v => v.ScaleFailure is not null)).ScaleFailure);

        await Use(cell, 75);
        await cell.Until(Key, v => v.Instances == 6 && v.ScaleFailure is null);

        var task = await cell.Grains.GetGrain<ITaskGrain>($"{Key}/0").Describe();
        Assert.Equal(75, task!.Use!.CpuMillis);
        var node = await cell.Grains.GetGrain<INodeGrain>(task.Node!).Describe();
        Assert.Equal(new(200, 0, 0, 0), node!.Use!.Unused);
        Assert.Null((await cell.Grains.GetGrain<IJobGrain>(Key.ToString()).ListTasks(0, 1))[0].Use);
    }

    [Fact]
    public async Task What_tasks_do_not_use_is_lent_to_revocable_ones_and_not_before_it_was_measured()
    {
        await using var cell = await TestCell.Start(_directory);
        var description = SimulatedNode.Describe("lender", cpu: 1000) with { Overcommit = 2, OvercommitByUse = true };
        await using var lender = await SimulatedNode.Start(cell, description, _ => ScheduleStatus.Running);
        var task = new TaskSpec { Command = ["run"], Resources = new(300, 64, 0, 0) };
        await cell.Submit(Service() with { Scale = null, Instances = 1, Tier = Tier.Revocable, Task = task });
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("PENDING") == 1);
        var node = cell.Grains.GetGrain<INodeGrain>("lender");
        Assert.Equal(1, (await node.Describe())!.Description.Overcommit);

        await node.ReportUsage((await node.Describe())!.Generation, new(new() { Unused = new(420, 65_000, 0, 0) }, []));
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        Assert.Equal(1.4, (await node.Describe())!.Description.Overcommit, 6);
    }

    /// <summary>All nodes say that each attempt of the job uses so much.</summary>
    private static async Task Use(TestCell cell, long cpuMillis)
    {
        var tasks = await cell.Grains.GetGrain<IJobGrain>(Key.ToString()).ListTasks(0, 100);
        foreach (var there in tasks.Where(task => task.Node is not null).GroupBy(task => task.Node!))
        {
            var node = cell.Grains.GetGrain<INodeGrain>(there.Key);
            var uses = there.Select(task => new TaskUse { Attempt = new(Key, task.Instance, task.Attempt), CpuMillis = cpuMillis });
            await node.ReportUsage(
                (await node.Describe())!.Generation, new(new() { Unused = new(200, 0, 0, 0) }, [.. uses]));
        }
    }

    [Theory]
    [InlineData("""{"status":"success","data":{"resultType":"scalar","result":[1.5,"42.5"]}}""", 42.5)]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1.5,"7"]}]}}""", 7.0)]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[]}}""", null)]
    [InlineData("""{"status":"success","data":{"resultType":"matrix","result":[]}}""", null)]
    [InlineData("""{"status":"error","errorType":"bad_data","error":"parse error"}""", null)]
    public void An_answer_is_one_value_or_says_why_not(string answer, double? value)
    {
        using var document = JsonDocument.Parse(answer);
        var (read, failure) = MetricReader.Value(document.RootElement);
        Assert.Equal(value, read);
        Assert.Equal(value is null, failure is not null);
    }

    private static async Task Serve(HttpListener server, Func<int> load)
    {
        while (server.IsListening)
        {
            try
            {
                var context = await server.GetContextAsync();
                Assert.Equal("sum(load)", context.Request.QueryString["query"]);
                var body = $$$"""{"status":"success","data":{"resultType":"scalar","result":[0,"{{{load()}}}"]}}""";
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static JobSpec Service() => new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = 4,
        Task = new TaskSpec { Command = ["run"], Resources = new(100, 64, 0, 0) },
        Scale = new()
        {
            Min = 2,
            Max = 10,
            Metric = "sum(load)",
            Value = 15,
            Cooldown = TimeSpan.Zero,
            Interval = TimeSpan.FromSeconds(1),
        },
    };
}
