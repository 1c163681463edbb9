using System.Globalization;
using System.Text;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>A whole cell in one process, as <c>osched dev</c> starts it, with an agent that says it has two cores.</summary>
public sealed class DevCell : IAsyncLifetime
{
    private readonly TestDirectory _directory = new();
    private readonly int _port = LoopbackPort.Free();
    private readonly Dictionary<string, string> _environment;
    private Osched? _process;

    /// <summary>A cell that nothing is said to but what every test says.</summary>
    public DevCell() : this(ImmutableDictionary<string, string>.Empty)
    {
    }

    internal DevCell(IReadOnlyDictionary<string, string> settings)
    {
        Client = new SchedulerClient(new SchedulerClientOptions { Gateway = new Uri(Address) });
        _environment = new(settings, StringComparer.Ordinal)
        {
            ["OSCHED_HOME"] = _directory.State,
            ["OSCHED_GATEWAY"] = Address,
            ["Agent__NodeId"] = "node-1",
            ["Agent__Capacity__Cpu"] = "2",
        };
    }

    /// <summary>Where its API is.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}");

    /// <summary>Talks to it.</summary>
    public SchedulerClient Client { get; }

    /// <summary>What it has said.</summary>
    public string Output => _process?.Output ?? "";

    internal TestDirectory Directory => _directory;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _process = Osched.Start($"dev --port {_port} --stop-tasks", _environment);
        await Eventually.True(async () => (await Client.ListNodesAsync()).Value is { Items: [{ Status: "ready" }] }, 60, () => Output);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_process is not null)
        {
            await _process.Stop();
            await _process.DisposeAsync();
        }

        _directory.Dispose();
    }

    /// <summary>A file in the test's directory.</summary>
    internal string Write(string name, string content)
    {
        var path = Path.Combine(_directory.Path, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Runs a verb against this cell.</summary>
    internal Task<OschedResult> Run(string arguments) => Osched.Run(arguments, seconds: 60, _environment);

    /// <summary>Hands the cell a job file, past the command line.</summary>
    internal async Task Submit(string file)
    {
        var answer = await Client.SubmitJobsAsync(JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes(file)));
        Assert.Null(answer.Problem);
    }

    /// <summary>Waits until a job is as described.</summary>
    internal async Task<JobView> Until(JobKey job, Func<JobView, bool> condition)
    {
        JobView? view = null;
        await Eventually.True(async () => (await Client.DescribeJobAsync(job)).Value is { } seen && condition(view = seen), 60, () =>
            $"{view?.Phase} {string.Join(", ", view?.Counts.Select(c => $"{c.Value} {c.Key}") ?? [])}\n{Output}");
        return view!;
    }
}
