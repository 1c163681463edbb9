using System.Diagnostics;
using System.Globalization;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>How a service is found in a real cell: over the API, by its name, and in the file of another task.</summary>
public sealed class ServiceTests : IAsyncLifetime
{
    private static readonly JobKey Key = new("shop", "test", "echo");
    private readonly int _port = LoopbackPort.Free();
    private readonly DevCell _cell;

    public ServiceTests() => _cell = new(ImmutableDictionary<string, string>.Empty.Add(
        "Agent__Dns__Listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}")));

    public ValueTask InitializeAsync() => _cell.InitializeAsync();

    public ValueTask DisposeAsync() => _cell.DisposeAsync();

    [Fact]
    public async Task A_service_is_found_by_everybody_and_followed_when_it_moves()
    {
        await _cell.Submit(Job("echo", 2, "    ports: [http]"));
        await _cell.Submit(Job("reader", 1, "", """
              templates:
                - path: upstream.conf
                  text: "servers ${service:shop/test/echo:http};"
                  signal: HUP
            """, "trap 'cat upstream.conf; echo' HUP; cat upstream.conf; echo; while :; do sleep 3600 & wait $!; done"));
        await _cell.Until(Key, job => job.Counts.GetValueOrDefault("RUNNING") == 2);

        using var over = new CancellationTokenSource();
        var seen = new List<ServiceView>();
        var watching = Watch(seen, over.Token);
        var ports = await Ports(2);
        Assert.Matches(@"shop/test/echo\s+2/2\s+127.0.0.1:\d+ 127.0.0.1:\d+", (await _cell.Run("service list")).Output);
        Assert.Matches(@"Healthy\s+2 of 2", (await _cell.Run("service show shop/test/echo")).Output);
        Assert.Equal(3, (await _cell.Run("service show shop/test/nobody")).ExitCode);

        Assert.Equal(ports.Order(), (await Dig("_http._tcp.echo.test.shop.osched", "SRV"))
            .Select(line => int.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)).Order());
        Assert.Equal(["127.0.0.1"], await Dig("1.echo.test.shop.osched", "A"));
        await Says(ports);

        // It moves: another port for every instance, one of them for good.
        await _cell.Client.ScaleJobAsync(Key, 1);
        await _cell.Client.RestartJobAsync(Key);
        await _cell.Until(Key, job => job.Counts.GetValueOrDefault("RUNNING") == 1 && job.Counts.Values.Sum() == 1);
        ports = await Ports(1);
        await Eventually.True(
            async () => await Dig("_http._tcp.echo.test.shop.osched", "SRV") is [var only] && only.Contains($" {ports[0]} "), 20,
            () => _cell.Output);
        await Says(ports);
        await Eventually.True(
            () => Task.FromResult(seen.Exists(view => view.Instances.Length == 2) && seen is [.., { Instances: [{ Attempt: > 1 }] }]), 20,
            () => string.Join('\n', seen.Select(view => $"{view.Cursor} {view.Instances.Length}")));
        await over.CancelAsync();
        await watching;

        // Gone, and nobody is told otherwise.
        await _cell.Client.StopJobAsync(Key);
        await Ports(0);
        await Says([]);
        Assert.Empty(await Dig("echo.test.shop.osched", "A"));
    }

    private async Task Watch(List<ServiceView> seen, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var answer in _cell.Client.WatchServiceAsync(Key, cancellationToken: cancellationToken)) seen.Add(answer.Value!);
        }
        catch (OperationCanceledException)
        {
            // The test has seen enough.
        }
    }

    private async Task<int[]> Ports(int instances)
    {
        ServiceView? view = null;
        await Eventually.True(
            async () => (view = (await _cell.Client.DescribeServiceAsync(Key)).Value)?.Instances.Length == instances, 30, () => $"{view}");
        Assert.All(view!.Instances, one => Assert.Equal("127.0.0.1", one.Host));
        return [.. view.Instances.Select(one => one.Ports["http"])];
    }

    /// <summary>Waits until the other task has read where the service is.</summary>
    private async Task Says(int[] ports)
    {
        var expected = $"servers {string.Join(',', ports.Select(port => $"127.0.0.1:{port}"))};";
        var log = "";
        await Eventually.True(
            async () => (log = (await _cell.Run("task logs shop/test/reader/0")).Output).TrimEnd()
                .EndsWith(expected, StringComparison.Ordinal),
            30, () => $"expected {expected}, read {log}");
    }

    private async Task<string[]> Dig(string name, string type)
    {
        var start = new ProcessStartInfo("dig", ["@127.0.0.1", "-p", $"{_port}", name, type, "+short"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var dig = Process.Start(start)!;
        var output = await dig.StandardOutput.ReadToEndAsync();
        await dig.WaitForExitAsync();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Job(string name, int instances, string resources, string more = "", string command = "exec sleep 3600") => $"""
        job: {name}
        role: shop
        env: test
        type: service
        instances: {instances}
        task:
          command: "{command}"
          kill: {"{ grace: 1s }"}
          resources:
            cpu: 0.1
        {resources}
        {more}
        """;
}
