using System.Diagnostics;

namespace OrleansScheduler.Agent.Tests;

/// <summary>How long a start takes with each driver, beside what its bare program takes in the same run:
/// <c>dotnet exec …/OrleansScheduler.Agent.Tests.dll -explicit only -class "*.StartLatency" -showLiveOutput</c>.</summary>
[Collection(nameof(PodmanService))]
public sealed class StartLatency(PodmanService podman, ITestOutputHelper output)
{
    private const int Times = 20;

    [Fact(Explicit = true)]
    public async Task From_launch_to_end_of_true()
    {
        Assert.SkipWhen(PodmanService.Missing is not null, PodmanService.Missing ?? "");
        await using var node = await Node.Start(
            ("Agent:Container:Images", podman.Directory), ("Agent:Container:Socket", podman.Socket));
        var image = $"oci-archive:{podman.Archive}";
        output.WriteLine("what                                   median ms   p95 ms");
        await Measure("bare process", () => Run("/bin/true"));
        await Measure("driver process", () => Start(node, new() { Command = ["/bin/true"] }));
        await Measure("driver oci", () => Start(node, new() { Driver = "oci", Image = image, Command = ["/bin/true"] }));
        await Measure("driver container (podman, host)", () =>
            Start(node, new() { Driver = "container", Image = image, Command = ["/bin/true"] }));
        await BareRunc();
    }

    private async Task BareRunc()
    {
        var bundle = Directory.CreateDirectory(Path.Combine(podman.Directory, "bundle")).FullName;
        var root = Directory.CreateDirectory(Path.Combine(bundle, "rootfs")).FullName;
        using var image = ImageArchive.Open(new ImageName("", podman.Archive, null));
        foreach (var layer in image.Layers) new LayerUnpacker(root, 1 << 30).Unpack(image, layer, default);
        await Run("/usr/sbin/runc", "spec", "--bundle", bundle);
        var config = Path.Combine(bundle, "config.json");
        var text = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(config))!;
        text["process"]!["terminal"] = false;
        text["process"]!["args"] = new System.Text.Json.Nodes.JsonArray("/bin/true");
        text["process"]!.AsObject().Remove("rlimits");
        await File.WriteAllTextAsync(config, text.ToJsonString());
        var next = 0;
        await Measure("bare runc run", () => Run("/usr/sbin/runc", "run", "--bundle", bundle, $"osched-latency-{next++}"));
    }

    private static async Task Start(Node node, TaskSpec spec)
    {
        var end = await node.Gateway.End(node.Launch(spec));
        Assert.Equal(Status.Finished, end.Status);
    }

    private static async Task Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private async Task Measure(string what, Func<Task> start)
    {
        // The first one brings the image.
        await start();
        var times = new List<double>();
        for (var i = 0; i < Times; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await start();
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Sort();
        output.WriteLine($"{what,-38} {times[Times / 2],9:0.0} {times[(int)(Times * 0.95) - 1],8:0.0}");
    }
}
