using CsCheck;

namespace OrleansScheduler.Core.Tests;

/// <summary>Makes specs that keep all rules, with every field that can be given given in some of them.</summary>
internal static class JobGen
{
    private static readonly Gen<string> Name = Gen.OneOf(
        Pick("web", "007", "true", "1.5", "null", "a_b-c.d", "no", "-dash", "_x"),
        Gen.Char["abcXYZ019_-"].Array[1, 64].Select(characters => new string(characters)));

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Pick(
            "", " ", "~", "null", "true", "0", "1e3", "0x1F", "- a", "a: b", "# c", "'", "\"", "\\", "a\nb", "a\nb\n", "a\n\nb\n", "a\n\n",
            "\n", " a\nb\n", "\ta\n", "a \nb\t\n",
            "!x", "&x", "*x", "|", ">", "%", "@", "`", "{", "[", "]", ",", "---", "...", "é", "日本", "😀", "\u2028", "\u00A0", "\uFEFF",
            "a\rb", "a\r\nb\r\n", "${INSTANCE}", "${HOME}", "<<", "=", "limit 1"),
        Gen.Char[' ', '~'].Array[0, 30].Select(characters => new string(characters)));

    private static readonly Gen<ImmutableArray<string>> Command = Gen.OneOf(
        AnyText.Where(text => !string.IsNullOrWhiteSpace(text)).Select(text => ImmutableArray.Create("/bin/sh", "-c", text)),
        Gen.Select(Name, AnyText.Array[0, 4], (program, arguments) => ImmutableArray.Create([program, .. arguments])));

    private static readonly Gen<TimeSpan> Duration = Gen.OneOf(
        Gen.Long[1, 100_000], Gen.Long[1, 30 * 24 * 3600].Select(seconds => seconds * 1000))
            .Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds));

    private static readonly Gen<string> UrlPath = Pick("/", "/health", "/a/b?c=d&e=%20", "/é");

    private static readonly Gen<ImmutableArray<string>> Ports =
        Pick<ImmutableArray<string>>([], ["http"], ["http", "admin-http", "x.y"], ["N"]);

    private static readonly Gen<ImmutableSortedDictionary<string, string>> Env =
        Gen.Select(Pick("A", "_b", "PATH", "NULL", "true", "Y1"), AnyText)
            .Array[0, 4]
            .Select(pairs => pairs.DistinctBy(pair => pair.Item1).ToImmutableSortedDictionary(pair => pair.Item1, pair => pair.Item2));

    private static readonly Gen<Resources> Amounts = Gen.Select(
        Gen.Long[1, 1_000_000], Gen.Long[1, 1 << 24], Gen.Long[0, 1 << 24],
        Gen.OneOf(Gen.Long[0, 1000], Gen.Long[1, 8].Select(gpus => gpus * 1000)),
        (cpu, memory, disk, gpus) => new Resources(cpu, memory, disk, gpus));

    private static readonly Gen<CustomRequest> Custom = Gen.Select(
        Gen.Select(Name, Gen.Long[1, 1_000_000]).Array[0, 3], Gen.Select(Name, Gen.Int[1, 10_000]).Array[0, 3],
        (scalars, sets) => new CustomRequest
        {
            Scalars = scalars.DistinctBy(pair => pair.Item1).ToImmutableSortedDictionary(pair => pair.Item1, pair => pair.Item2),
            Sets = sets.DistinctBy(pair => pair.Item1).ToImmutableSortedDictionary(pair => pair.Item1, pair => pair.Item2),
        });

    private static readonly Gen<ArtifactSpec> Artifact =
        from source in Pick("http://h/a", "https://h:1/b/c.tar.gz?d=e&f=%20", "file:///srv/x.zip")
        from extract in Gen.Bool
        from checksum in Pick(null, "sha256:" + new string('a', 64))
        from dest in Pick(null, "a", "a/b.c", " ", "~", "true")
        from mode in Pick(null, "0755", "600")
        select new ArtifactSpec(source, extract, checksum) { Dest = dest, Mode = extract ? null : mode };

    private static readonly Gen<JobKey> Key = Gen.Select(Name, Name, Name, (role, env, name) => new JobKey(role, env, name));

    private static readonly Gen<TemplateSpec> Template = Gen.Select(
        Pick("a", "conf/b.conf", "a b", ".c", "é"), AnyText, Gen.Select(Key, Pick("http", "x.y")),
        Gen.OneOf(Gen.Const((string?)null), Pick([.. TemplateSpec.Signals]).Select(signal => (string?)signal)),
        (path, text, reference, signal) => new TemplateSpec
        {
            Path = path,
            Text = $"{text}${{service:{reference.Item1}:{reference.Item2}}}{text}",
            Signal = signal,
        });

    private static readonly Gen<ImmutableSortedDictionary<string, long>> Rlimits =
        Gen.Select(Pick([.. Rlimit.Numbers.Keys]), Gen.OneOf(Gen.Const(Rlimit.Unlimited), Gen.Long[0, long.MaxValue])).Array[0, 3]
            .Select(pairs => pairs.DistinctBy(pair => pair.Item1).ToImmutableSortedDictionary(pair => pair.Item1, pair => pair.Item2));

    public static readonly Gen<TaskSpec> Task =
        from command in Command
        from env in Env
        from amounts in Gen.Frequency((1, Gen.Const(new TaskSpec().Resources)), (3, Amounts))
        from ports in Ports
        from custom in Custom
        from rlimits in Rlimits
        from health in Health(ports)
        from grace in Duration
        from path in Gen.Frequency((2, Gen.Const((string?)null)), (1, UrlPath.Select(text => (string?)text)))
        from logs in Gen.Select(Gen.Long[1, 5000], Gen.Int[0, 1000])
        from driver in Gen.Frequency((2, Gen.Const("process")), (1, Pick("container", "oci")))
        from image in Pick("oci-archive:/srv/web.tar", $"oci:/srv/web@sha256:{new string('a', 64)}", "docker-archive:/a b")
        from container in Container(ports, driver, health)
        from templates in Template.Array[0, 3]
        from artifacts in Artifact.Array[0, 3]
        select new TaskSpec
        {
            Driver = driver,
            Image = driver == "process" ? null : image,
            Container = driver == "process" ? new() : container,
            User = driver == "process" ? null : "1000:1000",
            Command = command,
            Env = env,
            Resources = amounts,
            Ports = ports,
            Custom = custom,
            Rlimits = rlimits,
            Artifacts = [.. artifacts],
            Health = health,
            Kill = new()
            {
                Grace = grace,
                GracefulShutdown = ports is [] ? null : path,
                Shutdown = ports is ["http", ..] ? path : null,
            },
            Logs = new() { RotateSizeMiB = logs.Item1, Keep = logs.Item2 },
            Templates = [.. templates.DistinctBy(template => template.Path)],
        };

    public static readonly Gen<JobSpec> Job =
        from key in Key
        from type in Pick(JobType.Service, JobType.Batch, JobType.Cron)
        from schedule in Schedule
        from instances in Gen.Int[1, 10_000]
        from priority in Gen.Int[-1_000_000, 1_000_000]
        from tier in Pick(Tier.Preferred, Tier.Preemptible, Tier.Revocable)
        from task in Task
        from failures in Gen.OneOf(Gen.Const(-1), Gen.Int[1, 1_000_000])
        from backoff in Gen.Select(Duration, Duration)
        from gang in Gen.Bool
        from limit in Gen.OneOf(Gen.Const((TimeSpan?)null), Duration.Select(duration => (TimeSpan?)duration))
        from constraints in Constraint(key).Array[0, 4]
        from update in Update
        from sla in Sla(instances)
        from after in Gen.OneOf(Key, Name.Select(name => key with { Name = name })).Array[0, 3]
        from scale in Scale(instances)
        from enough in Gen.OneOf(Gen.Const((int?)null), Gen.Int[1, instances].Select(count => (int?)count))
        from most in Gen.OneOf(Gen.Const((int?)null), Gen.Int[0, 1_000_000].Select(count => (int?)count))
        from partition in Gen.Select(Gen.Bool, Gen.OneOf(Gen.Const(TimeSpan.Zero), Duration), Gen.Bool)
        select new JobSpec
        {
            Key = key,
            Type = type,
            Instances = instances,
            Gang = gang && !(type == JobType.Cron && schedule.Collision == CronCollision.Allow),
            Schedule = type == JobType.Cron ? schedule : null,
            TimeLimit = type == JobType.Service ? null : limit,
            Priority = priority,
            Tier = tier,
            Task = task,
            After = type == JobType.Cron ? [] : [.. after.Where(other => other != key).Distinct()],
            Scale = type == JobType.Service ? scale : null,
            MinSuccesses = type == JobType.Service ? null : enough,
            Retry = new()
            {
                MaxFailedInstances = type == JobType.Service ? null : most,
                MaxFailures = type == JobType.Service ? 1 : failures,
                BackoffInitial = backoff.Item1 < backoff.Item2 ? backoff.Item1 : backoff.Item2,
                BackoffMax = backoff.Item1 < backoff.Item2 ? backoff.Item2 : backoff.Item1,
            },
            Constraints = [.. constraints],
            Update = type == JobType.Service ? update : new(),
            Sla = type == JobType.Service ? sla : null,
            Partition = new()
            {
                Reschedule = partition.Item1,
                Delay = partition.Item2,
                Strict = partition.Item3
                && task.Driver != "container"
            },
        };

    public static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static Gen<Constraint> Constraint(JobKey job) => Gen.OneOf<Constraint>(
        Gen.Select(Name, Gen.Int[1, 10_000], (attribute, count) => (Constraint)new Constraint.Limit(attribute, count)),
        Gen.Select(Name, Gen.Int[1, 10_000], (attribute, skew) => (Constraint)new Constraint.Spread(attribute, skew)),
        Gen.Select(Name, Gen.OneOf(Key, Gen.Const(job)), Gen.Bool,
            (attribute, other, apart) => (Constraint)new Constraint.Affinity(attribute, other, apart || other == job)),
        Gen.Select(Pick("*", job.Role), Name, (role, name) => (Constraint)new Constraint.Value("dedicated", [$"{role}/{name}"], false)),
        Gen.Select(Name, AnyText.Where(text => text is not ([] or ['!', ..])).Array[1, 3], Gen.Bool,
            (attribute, values, negated) => (Constraint)new Constraint.Value(attribute, [.. values], negated)));

    private static Gen<CronSchedule> Schedule =>
        from expression in Pick("* * * * *", "*/5 8-17 * * MON-FRI", "0 0 29 feb *", "*/10 * * * * *", "0 0 12 L * ?", "1,,2  * * * *")
        from zone in Pick("UTC", "Europe/Berlin", "America/New_York")
        from collision in Pick(Enum.GetValues<CronCollision>())
        from most in Gen.Int[0, CronMachine.MaxCatchUp]
        from jitter in Gen.OneOf(Gen.Const(TimeSpan.Zero), Duration)
        select new CronSchedule(expression, zone, collision) { CatchUp = most, Jitter = jitter };

    private static Gen<UpdatePolicy> Update =>
        from strategy in Pick("queue", "batch", "variable-batch", "blue-green")
        from batch in Gen.Int[1, 10_000]
        from batches in Gen.Int[1, 10_000].Array[1, 5]
        from pause in Gen.Bool
        from watch in Duration
        from failures in Gen.Select(Gen.Int[0, 100], Gen.Int[0, 100])
        from rollback in Gen.Bool
        from pulse in Gen.OneOf(Gen.Const((TimeSpan?)null), Duration.Select(pulse => (TimeSpan?)(pulse + TimeSpan.FromSeconds(5))))
        from ranges in Gen.Select(Gen.Int[0, 9000], Gen.Int[0, 999], (first, more) => new InstanceRange(first, first + more)).Array[0, 3]
        select new UpdatePolicy
        {
            Strategy = strategy,
            Batch = strategy is "variable-batch" or "blue-green" ? 1 : batch,
            Batches = strategy == "variable-batch" ? [.. batches] : [],
            AutoPause = strategy is not ("queue" or "blue-green") && pause,
            Watch = watch,
            MaxInstanceFailures = failures.Item1,
            MaxFailedInstances = failures.Item2,
            Rollback = rollback || strategy == "blue-green",
            Pulse = pulse < TimeSpan.FromDays(30) ? pulse : null,
            Instances = strategy == "blue-green" ? InstanceSet.Empty : InstanceSet.Of(ranges),
        };

    private static Gen<ScalePolicy?> Scale(int instances) => Gen.OneOf(
        Gen.Const((ScalePolicy?)null),
        Gen.Double[0.1, 1000].Select(cpu => (ScalePolicy?)new ScalePolicy { Max = instances, Metric = "", Value = 1, Cpu = cpu }),
        Gen.Select(
            Gen.Int[1, instances], Gen.Int[instances, 10_000], Pick("sum(x)", "a{b=\"c\"} / 2"), Gen.Double[0.001, 1e6],
            Gen.Select(Duration, Gen.Int[1, 100]),
            (min, max, metric, value, rest) => (ScalePolicy?)new ScalePolicy
            {
                Min = min,
                Max = max,
                Metric = metric,
                Value = value,
                Cooldown = rest.Item1,
                Interval = TimeSpan.FromSeconds(rest.Item2),
                MaxStep = rest.Item2 < 50 ? null : rest.Item2,
            }));

    private static Gen<SlaPolicy?> Sla(int instances) => Gen.OneOf(
        Gen.Const((SlaPolicy?)null),
        Gen.Select(Gen.Double[0, 100], Duration, (percentage, duration) => (SlaPolicy?)new SlaPolicy(percentage, null, duration)),
        Gen.Select(Gen.Int[0, instances], Duration, (count, duration) => (SlaPolicy?)new SlaPolicy(null, count, duration)),
        Gen.Select(Gen.Int[0, 2].Select(i => new[] { "drain", "may-go", "true" }[i]), Duration, (key, duration) =>
            (SlaPolicy?)new SlaPolicy(null, null, duration) { Coordinator = new($"http://{key}.example:8080/a?b=c", key) }));

    private static Gen<ContainerSpec> Container(ImmutableArray<string> ports, string driver, HealthSpec? health) =>
        from network in Pick(Enum.GetValues<ContainerNetwork>())
        from inside in Gen.Int[1, 65_000]
        from volumes in Gen.Select(Pick("/srv/data", "/a b", "/"), Gen.Bool).Array[0, 3]
        from entrypoint in Pick<ImmutableArray<string>>([], ["/bin/tini", "--"])
        from directory in Pick<string?>(null, "/", "/srv/app")
        from locked in Gen.Bool
        from capabilities in Pick<ImmutableArray<string>>([], ["CHOWN", "NET_BIND_SERVICE"])
        let reachable = (network, driver, health?.Probe) switch
        {
            (ContainerNetwork.Bridge, "oci", _) or (ContainerNetwork.None, _, HealthProbe.Http or HealthProbe.Tcp) => ContainerNetwork.Host,
            _ => network,
        }
        select new ContainerSpec
        {
            Network = reachable,
            Ports = reachable == ContainerNetwork.Bridge
                ? ports.Select((name, index) => (name, index)).ToImmutableSortedDictionary(pair => pair.name, pair => inside + pair.index)
                : ImmutableSortedDictionary<string, int>.Empty,
            Volumes = [.. volumes.Select((volume, index) => new VolumeSpec(volume.Item1, $"/data/{index}", volume.Item2))],
            Entrypoint = entrypoint,
            WorkingDirectory = directory,
            ReadOnly = locked,
            Capabilities = capabilities,
        };

    private static Gen<HealthSpec?> Health(ImmutableArray<string> ports)
    {
        var command = Command.Select(arguments => (HealthProbe)new HealthProbe.Command(arguments));
        var probe = ports is []
            ? command
            : Gen.OneOf(command, Pick([.. ports]).Select(port => (HealthProbe)new HealthProbe.Tcp(port)),
                Gen.Select(Pick([.. ports]), UrlPath, (port, path) => (HealthProbe)new HealthProbe.Http(port, path)),
                Gen.Select(Pick([.. ports]), UrlPath, (port, path) => (HealthProbe)new HealthProbe.Https(port, path)),
                Gen.Select(Pick([.. ports]), Pick("", "a.b.C"), (port, name) => (HealthProbe)new HealthProbe.Grpc(port, name)));
        var health =
            from kind in probe
            from times in Gen.Select(Duration, Duration, Duration)
            from counts in Gen.Select(Gen.Int[0, 100], Gen.Int[1, 1000])
            select (HealthSpec?)new HealthSpec
            {
                Probe = kind,
                InitialDelay = times.Item1,
                Interval = times.Item2,
                Timeout = times.Item3,
                MaxFailures = counts.Item1,
                MinSuccesses = counts.Item2,
            };
        return Gen.OneOf(Gen.Const((HealthSpec?)null), health);
    }
}
