using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>A job of the workload.</summary>
/// <param name="Name">Its name; the others are told apart by it too: <c>strict</c> in it means that no instance may run twice.</param>
/// <param name="IsService">Whether it runs until it is stopped.</param>
/// <param name="Instances">How many it starts with.</param>
/// <param name="Life">How long its tasks live.</param>
internal sealed record WorkloadJob(string Name, bool IsService, int Instances, TimeSpan Life)
{
    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    public JobKey Key { get; } = new("chaos", "test", Name);

    /// <summary>Whether an instance of a job must never run twice.</summary>
    public static bool IsStrict(JobKey job) => job.Name.Contains("strict", StringComparison.Ordinal);

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
        task:
          command: {{witness.Command(Life)}}
          env: { MARK: "{{mark}}" }
          resources: { cpu: 0.1, memory: 8MiB }
          kill: { grace: 1s }
        """));
}
