using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>A job of the workload.</summary>
/// <param name="Name">
/// Its name; jobs are told apart by it: <c>strict</c> in it means that no instance may run twice, <c>odd</c> that it runs on every other
/// node only.
/// </param>
/// <param name="Type">Whether it runs until it is stopped, once, or by the clock.</param>
/// <param name="Instances">How many it starts with.</param>
/// <param name="Life">How long its tasks live.</param>
internal sealed record WorkloadJob(string Name, JobType Type, int Instances, TimeSpan Life)
{
    /// <summary>Attribute of nodes that says which half of them one belongs to.</summary>
    public const string HalfAttribute = "half";

    /// <summary>What the mark of a version begins with whose tasks fail.</summary>
    public const string Bad = "bad";

    /// <summary>Seconds from one time of the cron job to the next.</summary>
    public const int CronPeriod = 10;

    /// <summary>How many of the jobs that a quota counts may exist at once.</summary>
    public const int Quota = 3;

    /// <summary>The environment of jobs that a quota counts.</summary>
    public const string Counted = "counted";

    /// <summary>The environment of jobs that need a seat, of which each node has one.</summary>
    public const string Seated = "seated";

    /// <summary>What such a job asks its node for.</summary>
    public const string Seat = "seat";

    private const string Role = "chaos";
    private const string Odd = "odd";
    private const int CpuMillis = 100;
    private const long Plenty = 1024 * 1024;
    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    /// <summary>The job that all update, each expecting the version that he has read.</summary>
    public static readonly WorkloadJob Shared = Service("shared", 1);

    /// <summary>The job that is moved to good and bad versions, one instance after the other.</summary>
    public static readonly WorkloadJob Rolling = Service("rolling", 4) with
    {
        Update = "{ batch: 1, watch: 1s, max-instance-failures: 1, max-failed-instances: 0, rollback: true }",
    };

    /// <summary>The job that the clock starts.</summary>
    public static readonly WorkloadJob Cron = new("cron-strict", JobType.Cron, 1, TimeSpan.FromSeconds(1));

    /// <summary>The job that has all seats which nobody else wants.</summary>
    public static readonly JobKey FillerKey = Filler(1).Key;

    public JobKey Key => new(Role, Environment, Name);

    /// <summary>Whether the quota counts it.</summary>
    public bool IsCounted => Environment == Counted;

    private string Environment { get; init; } = "test";

    private int Priority { get; init; }

    private string? Update { get; init; }

    /// <summary>Path of the role that has the quota.</summary>
    public static string QuotaPath => $"{Role}:{Counted}";

    /// <summary>The quota.</summary>
    public static RoleChange QuotaChange { get; } = new()
    {
        Production = new(Quota * CpuMillis, Plenty, Plenty, null),
    };

    /// <summary>Whether an instance of a job must never run twice.</summary>
    public static bool IsStrict(JobKey job) => job.Name.Contains("strict", StringComparison.Ordinal);

    /// <summary>The half of the nodes that a job may run on; null when it may run on all.</summary>
    public static string? HalfOf(JobKey job) => job.Name.Contains(Odd, StringComparison.Ordinal) ? Odd : null;

    /// <summary>The half that a node belongs to.</summary>
    public static string HalfOf(int node) => node % 2 == 1 ? Odd : "even";

    public static WorkloadJob Service(string name, int instances) => new(name, JobType.Service, instances, Forever)
    {
        Update = "{ watch: 1s, max-instance-failures: 100, max-failed-instances: 100, rollback: false }",
    };

    public static WorkloadJob Batch(string name, int instances, TimeSpan life) => new(name, JobType.Batch, instances, life);

    /// <summary>A service that the quota counts.</summary>
    public static WorkloadJob OfQuota(string name) => Service(name, 1) with { Environment = Counted };

    /// <summary>A service with a seat for each instance.</summary>
    public static WorkloadJob Filler(int instances) => Service("filler", instances) with { Environment = Seated };

    /// <summary>A service for which the filler has to leave a seat.</summary>
    public static WorkloadJob Guest(string name) => Service(name, 1) with { Environment = Seated, Priority = 10 };

    /// <summary>Its job file.</summary>
    /// <param name="witness">Where its tasks tell what they do.</param>
    /// <param name="mark">Makes one version differ from another; with <see cref="Bad"/> in front its tasks fail.</param>
    public JobFileBody File(Witness witness, string mark = "") => JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes($$"""
        job: {{Key.Name}}
        role: {{Key.Role}}
        env: {{Key.Environment}}
        type: {{Type.ToString().ToLowerInvariant()}}
        instances: {{Instances}}
        partition: { strict: {{(IsStrict(Key) ? "true" : "false")}} }
        retry: { max-failures: 1, backoff: { initial: 1s, max: 2s } }
        {{(Update is not null ? $"update: {Update}" : "")}}
        {{(Type == JobType.Cron ? $"schedule: '*/{CronPeriod} * * * * *'" : "")}}
        {{(Type == JobType.Cron ? "collision: cancel-new" : "")}}
        {{(Type == JobType.Cron ? "catch-up: 100" : "")}}
        {{(IsCounted ? "tier: preferred" : "")}}
        priority: {{Priority}}
        {{(HalfOf(Key) is { } half ? $"constraints: [ {{ {HalfAttribute}: {half} }} ]" : "")}}
        task:
          command: {{(mark.StartsWith(Bad, StringComparison.Ordinal) ? "[/bin/false]" : witness.Command(Life))}}
          env: { MARK: "{{mark}}" }
          resources: { cpu: {{CpuMillis}}m, memory: 8MiB, ports: [main]{{(Environment == Seated ? $", custom: {{ {Seat}: 1 }}" : "")}} }
          kill: { grace: 1s }
        """));
}
