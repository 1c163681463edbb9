using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>Measures an agent on this machine: the real one, with real processes, commanded directly instead of by a gateway.</summary>
/// <param name="Starts">How many tasks are started for the rate.</param>
/// <param name="Samples">How many single tasks are timed.</param>
/// <param name="Adopt">How many running tasks a new agent takes over.</param>
/// <param name="CpuSeconds">How long two busy tasks share the processors; 0 leaves that out.</param>
public sealed record AgentBench(int Starts = 500, int Samples = 60, int Adopt = 200, int CpuSeconds = 10)
{
    private const int BatchSize = 50;
    private static readonly JobKey Job = new("bench", "devel", "agent");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Measures everything.</summary>
    /// <param name="say">Told what is going on.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="TimeoutException">A task did not do what it should within two minutes.</exception>
    public async Task<AgentBenchFigures> Run(Action<string> say, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("osched-bench-").FullName;
        try
        {
            double rate, task, bare, start;
            long resident;
            double? cores = null;
            string cgroups;
            bool native;
            using (var agent = Agent.Begin(directory))
            {
                await agent.RunToEnd(BatchSize, "true", cancellationToken);
                say($"{Starts} tasks, as fast as they start");
                rate = await Rate(agent, cancellationToken);
                say($"{Samples} tasks, one by one");
                (task, bare, start) = await Times(agent, cancellationToken);
                (resident, native, cgroups) = await Supervisor(agent, cancellationToken);
                if (CpuSeconds > 0 && agent.Services.GetRequiredService<CgroupTree>().IsAvailable)
                {
                    say($"two busy tasks, for {CpuSeconds} s");
                    cores = await Cores(agent, cancellationToken);
                }

                say($"{Adopt} running tasks, taken over by a new agent");
                await agent.Launch(Adopt, "sleep 1000", cancellationToken);
                await agent.Until(() => agent.Count(ScheduleStatus.Running) == Adopt, cancellationToken);
            }

            using var next = Agent.Create(directory);
            var began = Stopwatch.GetTimestamp();
            next.Recover();
            await next.Until(() => next.Table.All.Count(attempt => attempt.Supervisor is not null) == Adopt, cancellationToken);
            var adoption = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            await next.KillAll(cancellationToken);
            return new()
            {
                StartsPerSecond = rate,
                TaskMsP50 = task,
                BareMsP50 = bare,
                AddedMsP50 = task - bare,
                AddedToStartMsP50 = start,
                ShimResidentBytes = resident,
                ShimIsNative = native,
                AdoptionMs = adoption,
                Adopted = Adopt,
                CoresOfHalf = cores,
                Cgroups = cgroups,
            };
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<double> Rate(Agent agent, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await agent.RunToEnd(Starts, "true", cancellationToken);
        return Starts / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private async Task<(double Task, double Bare, double Start)> Times(Agent agent, CancellationToken cancellationToken)
    {
        var (tasks, bares, starts, bareStarts) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Samples; i++)
        {
            var began = Stopwatch.GetTimestamp();
            using (var process = Process.Start("/bin/true"))
            {
                bareStarts.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                await process.WaitForExitAsync(cancellationToken);
            }

            bares.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            began = Stopwatch.GetTimestamp();
            agent.Running = 0;
            var ended = agent.RunToEnd(1, "/bin/true", cancellationToken);
            await ended;
            tasks.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            starts.Add(Stopwatch.GetElapsedTime(began, agent.Running).TotalMilliseconds);
        }

        return (Median(tasks), Median(bares), Median(starts) - Median(bareStarts));
    }

    private static async Task<(long Resident, bool Native, string Cgroups)> Supervisor(Agent agent, CancellationToken cancellationToken)
    {
        await agent.Launch(1, "sleep 1000", cancellationToken);
        await agent.Until(() => agent.Count(ScheduleStatus.Running) == 1, cancellationToken);
        var status = await File.ReadAllLinesAsync($"/proc/{agent.Table.All.Single().Supervisor!.Value.Pid}/status", cancellationToken);
        var words = status.Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        await agent.KillAll(cancellationToken);
        var cgroups = agent.Services.GetRequiredService<CgroupTree>();
        return (
            long.Parse(words[1], CultureInfo.InvariantCulture) * 1024, agent.Services.GetRequiredService<ShimProgram>().IsNative,
            !cgroups.IsAvailable ? "none" : cgroups.IsVersion2 ? "v2" : "v1");
    }

    private async Task<double?> Cores(Agent agent, CancellationToken cancellationToken)
    {
        const string Busy = "for i in 1 2 3 4; do while :; do :; done & done; wait";
        await agent.Launch(1, Busy, cancellationToken, cpuMillis: 500);
        await agent.Launch(1, Busy, cancellationToken, cpuMillis: Math.Max(1, Environment.ProcessorCount - 1) * 1000 + 500);
        await agent.Until(() => agent.Count(ScheduleStatus.Running) == 2, cancellationToken);
        var half = agent.Table.All.Single(attempt => attempt.Spec!.Resources.CpuMillis == 500).Directory;
        var cgroups = agent.Services.GetRequiredService<CgroupTree>();
        var (before, began) = (cgroups.Usage(half)!.Value.Cpu, Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(CpuSeconds), TimeProvider.System, cancellationToken);
        var cores = (cgroups.Usage(half)!.Value.Cpu - before) / Stopwatch.GetElapsedTime(began);
        await agent.KillAll(cancellationToken);
        return cores;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    /// <summary>An agent with nobody above it.</summary>
    private sealed class Agent : IDisposable
    {
        private readonly IHost _host;
        private readonly SemaphoreSlim _changed = new(0);
        private int _instances;

        private Agent(string directory)
        {
            var builder = Host.CreateEmptyApplicationBuilder(new());
            builder.Configuration.AddEnvironmentVariables();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Agent:NodeId"] = "bench",
                ["Agent:StateDirectory"] = directory,
            });
            builder.Services.AddMetrics();
            builder.AddSchedulerAgent();
            _host = builder.Build();
            Table.Changed += Note;
        }

        public IServiceProvider Services => _host.Services;

        public AttemptTable Table => Services.GetRequiredService<AttemptTable>();

        /// <summary>When a task was last seen to run.</summary>
        public long Running { get; set; }

        private CommandHandler Commands => Services.GetRequiredService<CommandHandler>();

        public static Agent Create(string directory) => new(directory);

        public static Agent Begin(string directory)
        {
            var agent = new Agent(directory);
            agent.Recover();
            return agent;
        }

        public void Recover() => Commands.Recover();

        public int Count(ScheduleStatus status) => Table.All.Count(attempt => attempt.Record.Status == status);

        public Task Launch(int count, string script, CancellationToken cancellationToken, long cpuMillis = 2000)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var spec = new TaskSpec
            {
                Command = script.StartsWith('/') ? [script] : ["/bin/sh", "-c", script],
                Resources = new(cpuMillis, 64, 0, 0),
            };
            for (var left = count; left > 0; left -= BatchSize)
            {
                var launch = new Protocol.Launch { Job = Job.ToString(), LedgerEpoch = 1 };
                launch.Specs.Add(1, System.Text.Json.JsonSerializer.Serialize(spec, WireJson.Options));
                for (var i = 0; i < Math.Min(left, BatchSize); i++)
                    launch.Attempts.Add(new Protocol.LaunchAttempt { Instance = _instances++, Number = 1, Version = 1 });
                Commands.Obey(new() { Launches = { launch } }, generation: 0);
            }

            return Task.CompletedTask;
        }

        /// <summary>Launches tasks and acknowledges their ends.</summary>
        public async Task RunToEnd(int count, string script, CancellationToken cancellationToken)
        {
            await Launch(count, script, cancellationToken);
            await Until(() => Count(ScheduleStatus.Finished) == count, cancellationToken);
            foreach (var attempt in Table.All) Table.Acknowledge(attempt.Id, attempt.Record.Sequence);
        }

        public async Task KillAll(CancellationToken cancellationToken)
        {
            var runner = Services.GetRequiredService<TaskRunner>();
            foreach (var attempt in Table.All) runner.Stop(attempt, StopReason.Unwanted, "The measurement is over.");
            await Until(() => Table.All.IsEmpty, cancellationToken);
        }

        public async Task Until(Func<bool> condition, CancellationToken cancellationToken)
        {
            using var deadline = new CancellationTokenSource(Patience, TimeProvider.System);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
            try
            {
                // Whatever changes wakes this; what is no change of a status is looked at again a little later.
                while (!condition()) await _changed.WaitAsync(TimeSpan.FromMilliseconds(5), either.Token);
            }
            catch (OperationCanceledException e) when (deadline.IsCancellationRequested)
            {
                throw new TimeoutException("A task did not come so far in time.", e);
            }
        }

        public void Dispose()
        {
            Services.GetRequiredService<TaskRunner>().Release().Wait();
            _host.Dispose();
            _changed.Dispose();
        }

        private void Note(AttemptId attempt)
        {
            if (Running == 0 && Table.Find(attempt)?.Record.Status == ScheduleStatus.Running) Running = Stopwatch.GetTimestamp();
            _changed.Release();
        }
    }
}
