using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>A service that runs, and an update of it that the test drives in virtual time.</summary>
internal sealed class UpdateScene
{
    public static readonly TimeSpan Watch = TimeSpan.FromSeconds(10);

    public UpdateScene(int instances, UpdatePolicy? policy = null)
    {
        Job = new JobFixture();
        Policy = (policy ?? new()) with { Watch = Watch };
        Job.Run(Spec("old", instances));
        Job.Place();
        foreach (var instance in Job.State.Tasks.Keys.ToList()) Job.Report(instance, Running, 2);
        Job.Advance(TimeSpan.FromHours(1));
    }

    public JobFixture Job { get; }

    public UpdatePolicy Policy { get; set; }

    public UpdateState Update => Job.State.Header.Update!;

    public string Status => Update.StatusName;

    /// <summary>What runs: <c>0:1 1:2-</c> for instance 0 in version 1 and instance 1 in version 2, which is on its way.</summary>
    public string Shape => string.Join(' ', Job.State.Tasks.Values.Where(t => t.Status.IsActive()).Select(t =>
        $"{t.Instance}:{InstanceUpdate.VersionOf(t)}{(t.Status == Running ? "" : "-")}"));

    public JobSpec Spec(string value, int instances) =>
        Job.AService(instances) is var spec ? spec with
        {
            Update = Policy,
            Task = spec.Task with { Env = spec.Task.Env.Add("V", value) },
        }
        : throw new InvalidOperationException();

    public void Start(string value, int instances) =>
        Job.Do(r => r.Submit($"op-{value}-{Job.State.Header.Revision}", Spec(value, instances), null, "me").Outcome("updating"));

    public Answer<UpdateReceipt> Ask(UpdateVerb verb, int? update = null)
    {
        Answer<UpdateReceipt>? answer = null;
        Job.Do(r => answer = r.ChangeUpdate($"op-{verb}-{Job.State.Header.Revision}", verb, update, null, "me"));
        return answer!;
    }

    public JobDecision Tick(TimeSpan time = default)
    {
        Job.Advance(time);
        return Job.Do(_ => { });
    }

    /// <summary>Nodes do what they are asked for these instances, until they run.</summary>
    public void Bring(params int[] instances)
    {
        foreach (var instance in instances)
        {
            // A report may end the update, and with it the instances that it added.
            if (Job.State.Tasks.TryGetValue(instance, out var task) && task.Status.IsStopping()) Job.Report(instance, Killed, 3);
        }

        Job.Place();
        foreach (var instance in instances)
        {
            if (Job.State.Tasks.TryGetValue(instance, out var task) && task.Status is Assigned or Starting)
                Job.Report(instance, Running, 2);
        }
    }

    /// <summary>Brings the instances and lets the watch time pass.</summary>
    public void Pass(params int[] instances)
    {
        Bring(instances);
        Tick(Watch);
    }

    public void Fail(int instance) => Job.Report(instance, Failed, 9, exitCode: 1);

    /// <summary>Actions recorded for an instance in the current update.</summary>
    public string Actions(int instance) => string.Join(' ', Job.State.Updates.EventsOf(Update.ToVersion)
        .Where(line => line.Action is not null && line.Instances.Contains(instance))
        .Select(line => line.Action.ToString()!.Replace("Instance", "", StringComparison.Ordinal)));

    /// <summary>Statuses that the current update entered.</summary>
    public string Statuses => string.Join(' ', Job.State.Updates.EventsOf(Update.ToVersion)
        .Where(line => line.Status is not null).Select(line => line.Status));

    /// <summary>Instances in flight.</summary>
    public string InFlight => Update.InFlight.ToString();

    /// <summary>Lets nodes and time do their part until the update stands still.</summary>
    public void Run(int rounds = 500)
    {
        for (var i = 0; i < rounds && Update.Status.IsRolling(); i++) Pass([.. Job.State.Tasks.Keys]);
    }
}
