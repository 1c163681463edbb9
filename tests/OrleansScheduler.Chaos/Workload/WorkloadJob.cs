using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>A job of the workload.</summary>
/// <param name="Name">
/// Its name; jobs are told apart by it: <c>strict</c> in it means that no instance may run twice, <c>odd</c> that it runs on every other
/// node only.
/// </param>
/// <param name="IsService">Whether it runs until it is stopped.</param>
/// <param name="Instances">How many it starts with.</param>
/// <param name="Life">How long its tasks live.</param>
internal sealed record WorkloadJob(string Name, bool IsService, int Instances, TimeSpan Life)
{
    /// <summary>Attribute of nodes that says which half of them one belongs to.</summary>
    public const string HalfAttribute = "half";

    private const string Odd = "odd";
    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    public JobKey Key { get; } = new("chaos", "test", Name);

    /// <summary>Whether an instance of a job must never run twice.</summary>
    public static bool IsStrict(JobKey job) => job.Name.Contains("strict", StringComparison.Ordinal);

    /// <summary>The half of the nodes that a job may run on; null when it may run on all.</summary>
    public static string? HalfOf(JobKey job) => job.Name.Contains(Odd, StringComparison.Ordinal) ? Odd : null;

    /// <summary>The half that a node belongs to.</summary>
    public static string HalfOf(int node) => node % 2 == 1 ? Odd : "even";

    public static WorkloadJob Service(string name, int instances) => new(name, IsService: true, instances, Forever);

    public static WorkloadJob Batch(string name, int instances, TimeSpan life) => new(name, IsService: false, instances, life);

    private const string Update = "update: { watch: 1s, max-instance-failures: 100, max-failed-instances: 100, rollback: false }";

    /// <summary>Its job file.</summary>
    /// <param name="witness">Where its tasks tell what they do.</param>
    /// <param name="mark">Makes one version differ from another.</param>
    public JobFileBody File(Witness witness, string mark = "") => JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes($$"""
        job: {{Key.Name}}
        role: {{Key.Role}}
        env: {{Key.Environment}}
        type: {{(IsService ? "service" : "batch")}}
        instances: {{Instances}}
        partition: { strict: {{(IsStrict(Key) ? "true" : "false")}} }
        retry: { max-failures: 1, backoff: { initial: 1s, max: 2s } }
        {{(IsService ? Update : "")}}
        {{(HalfOf(Key) is { } half ? $"constraints: [ {{ {HalfAttribute}: {half} }} ]" : "")}}
        task:
          command: {{witness.Command(Life)}}
          env: { MARK: "{{mark}}" }
          resources: { cpu: 0.1, memory: 8MiB, ports: [main] }
          kill: { grace: 1s }
        """));
}
