using System.Net;
using System.Text;
using System.Text.Json;

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
