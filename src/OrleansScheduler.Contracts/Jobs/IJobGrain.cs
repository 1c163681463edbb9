using Orleans.Concurrency;

namespace OrleansScheduler.Contracts;

/// <summary>Owns one job: its spec and versions, its update, and the record of every instance. Key: <c>role/env/name</c>.</summary>
[Alias("osched.IJobGrain")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>
    /// Creates the job or moves it to another spec. Durable when it returns; the same operation id always gives the same answer.
    /// </summary>
    [Alias("Submit"), AlwaysInterleave]
    Task<Answer<SubmitReceipt>> Submit(SubmitCommand command, CancellationToken cancellationToken = default);

    /// <summary>Changes how many instances there are.</summary>
    [Alias("Scale"), AlwaysInterleave]
    Task<Answer<CommandReceipt>> Scale(ScaleCommand command, CancellationToken cancellationToken = default);

    /// <summary>Stops and starts instances.</summary>
    [Alias("Restart"), AlwaysInterleave]
    Task<Answer<CommandReceipt>> Restart(InstancesCommand command, CancellationToken cancellationToken = default);

    /// <summary>Stops instances for good; all of them when none are named, and then the job is stopped.</summary>
    [Alias("Stop"), AlwaysInterleave]
    Task<Answer<CommandReceipt>> Stop(InstancesCommand command, CancellationToken cancellationToken = default);

    /// <summary>Moves a task to another status against what the cell believes.</summary>
    [Alias("Force"), AlwaysInterleave]
    Task<Answer<CommandReceipt>> Force(ForceCommand command, CancellationToken cancellationToken = default);

    /// <summary>Starts a cron job now, pauses or resumes it, or takes it off its schedule.</summary>
    [Alias("Cron"), AlwaysInterleave]
    Task<Answer<CommandReceipt>> Cron(CronCommand command, CancellationToken cancellationToken = default);

    /// <summary>Pauses, resumes, ends or turns round the job's update, or tells it that its guard is alive.</summary>
    [Alias("ChangeUpdate"), AlwaysInterleave]
    Task<Answer<UpdateReceipt>> ChangeUpdate(UpdateCommand command, CancellationToken cancellationToken = default);

    /// <summary>Moves the job to the spec that an earlier version had.</summary>
    [Alias("RollbackTo"), AlwaysInterleave]
    Task<Answer<SubmitReceipt>> RollbackTo(RollbackCommand command, CancellationToken cancellationToken = default);

    /// <summary>Its updates that are remembered, newest first; none when the job does not exist.</summary>
    [Alias("ListUpdates"), AlwaysInterleave]
    Task<ImmutableArray<UpdateView>> ListUpdates(CancellationToken cancellationToken = default);

    /// <summary>Its versions that are kept, newest first; none when the job does not exist.</summary>
    [Alias("ListVersions"), AlwaysInterleave]
    Task<ImmutableArray<VersionView>> ListVersions(CancellationToken cancellationToken = default);

    /// <summary>The job; null when it does not exist.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<JobView?> Describe(CancellationToken cancellationToken = default);

    /// <summary>Where its instances that run are, without their nodes' hosts; a problem when it is no service.</summary>
    [Alias("DescribeService"), AlwaysInterleave]
    Task<Answer<ServiceView>> DescribeService(CancellationToken cancellationToken = default);

    /// <summary>Its tasks by instance, at most <paramref name="limit"/> from <paramref name="fromInstance"/> on.</summary>
    [Alias("ListTasks"), AlwaysInterleave]
    Task<ImmutableArray<TaskView>> ListTasks(int fromInstance, int limit, CancellationToken cancellationToken = default);

    /// <summary>One task with its history; null when there is no such instance.</summary>
    [Alias("DescribeTask"), AlwaysInterleave]
    Task<TaskView?> DescribeTask(int instance, CancellationToken cancellationToken = default);

    /// <summary>From the ledger: nodes for attempts that this job asked for. Answers those that it does not want any more.</summary>
    [Alias("Place"), AlwaysInterleave]
    Task<ImmutableArray<AttemptRef>> Place(PlacementBatch placements, CancellationToken cancellationToken = default);

    /// <summary>
    /// From the ledger: attempts that make room for others. Durable when it returns; answers those that the job does not have any more, so
    /// that what they hold is free.
    /// </summary>
    [Alias("Preempt"), AlwaysInterleave]
    Task<ImmutableArray<AttemptRef>> Preempt(PreemptBatch victims, CancellationToken cancellationToken = default);

    /// <summary>From a node: what became of attempts. Durable when it returns.</summary>
    [Alias("Report"), AlwaysInterleave]
    Task<ReportAnswer> Report(NodeReport report, CancellationToken cancellationToken = default);

    /// <summary>From a node: it can no longer be reached, or is to be emptied.</summary>
    [Alias("NodeChanged"), AlwaysInterleave]
    Task NodeChanged(NodeNews news, CancellationToken cancellationToken = default);

    /// <summary>
    /// From a node that is to be emptied, again and again until it is: the job lets go what its SLA does not need, durably when this
    /// returns, and says what it holds back.
    /// </summary>
    [Alias("Drain"), AlwaysInterleave]
    Task<DrainAnswer> Drain(DrainAsk ask, CancellationToken cancellationToken = default);

    /// <summary>How well the job was served in a window that ends now; null when it does not exist.</summary>
    [Alias("DescribeSla"), AlwaysInterleave]
    Task<JobSlaView?> DescribeSla(TimeSpan window, CancellationToken cancellationToken = default);

    /// <summary>From the ledger's new owner: send demand and holdings again, in full.</summary>
    [Alias("LedgerChanged"), AlwaysInterleave]
    Task LedgerChanged(long ledgerEpoch, CancellationToken cancellationToken = default);

    /// <summary>
    /// From a job that waits for this one: how this one stands. As long as it is awake it also tells the follower when it has succeeded;
    /// who wants to be sure asks again.
    /// </summary>
    [Alias("Follow"), AlwaysInterleave]
    Task<DependencyState> Follow(JobKey follower, CancellationToken cancellationToken = default);

    /// <summary>From a job that this one waits for.</summary>
    [Alias("DependencyChanged"), AlwaysInterleave]
    Task DependencyChanged(JobKey job, DependencyState state, CancellationToken cancellationToken = default);

    /// <summary>
    /// From indexes of releases that know no ended jobs: makes sure that the job is awake. Answers whether something of it is in motion.
    /// </summary>
    [Alias("Wake"), AlwaysInterleave]
    Task<bool> Wake(CancellationToken cancellationToken = default);

    /// <summary>From the index: makes sure that the job is awake. Answers whether somebody has to see to that again.</summary>
    [Alias("Look"), AlwaysInterleave]
    Task<JobMotion> Look(CancellationToken cancellationToken = default);
}

/// <summary>Whether a job has to be woken after a crash, and looked at meanwhile.</summary>
public enum JobMotion
{
    /// <summary>Something of it is in motion.</summary>
    Moving,

    /// <summary>Nothing is just now; after a crash it is woken.</summary>
    AtRest,

    /// <summary>Nothing ever will be but by a user: it is stopped or a batch job that has ended, or does not exist.</summary>
    Ended,
}

/// <summary>A user's spec for a job.</summary>
/// <param name="OperationId">Names this operation: repeating it with the same id repeats the answer, with another spec it is
/// refused.</param>
/// <param name="Spec">A spec that passed validation.</param>
/// <param name="ExpectedVersion">The version the user saw; refused when the job has another one. Null to not care.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.SubmitCommand")]
public sealed record SubmitCommand(
    [property: Id(0)] string OperationId, [property: Id(1)] JobSpec Spec, [property: Id(2)] int? ExpectedVersion,
    [property: Id(3)] string Actor);

/// <summary>A new number of instances.</summary>
/// <param name="OperationId">Names this operation.</param>
/// <param name="Instances">The new number, 1 to <see cref="JobLimits.MaxInstances"/>.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.ScaleCommand")]
public sealed record ScaleCommand([property: Id(0)] string OperationId, [property: Id(1)] int Instances, [property: Id(2)] string Actor);

/// <summary>What an operator says that a task is.</summary>
/// <param name="OperationId">Names this operation.</param>
/// <param name="Instance">Which task of the job.</param>
/// <param name="Status">The status.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.ForceCommand")]
public sealed record ForceCommand([property: Id(0)] string OperationId, [property: Id(1)] int Instance,
    [property: Id(2)] ScheduleStatus Status, [property: Id(3)] string Actor);

/// <summary>A command about some or all instances.</summary>
/// <param name="OperationId">Names this operation.</param>
/// <param name="Instances">Which instances; empty for all.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.InstancesCommand")]
public sealed record InstancesCommand([property: Id(0)] string OperationId, [property: Id(1)] ImmutableArray<int> Instances,
    [property: Id(2)] string Actor);

/// <summary>A command about a job's update.</summary>
/// <param name="OperationId">Names this operation.</param>
/// <param name="Verb">What is asked.</param>
/// <param name="Update">Which update: the version it goes to; null for the one that is there.</param>
/// <param name="Message">Why, for people; null when nobody said.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.UpdateCommand")]
public sealed record UpdateCommand(
    [property: Id(0)] string OperationId, [property: Id(1)] UpdateVerb Verb, [property: Id(2)] int? Update,
    [property: Id(3)] string? Message, [property: Id(4)] string Actor);

/// <summary>A version to go back to.</summary>
/// <param name="OperationId">Names this operation.</param>
/// <param name="To">The version.</param>
/// <param name="ExpectedVersion">The version the user saw; null to not care.</param>
/// <param name="Actor">Who asked.</param>
[GenerateSerializer, Immutable, Alias("osched.RollbackCommand")]
public sealed record RollbackCommand(
    [property: Id(0)] string OperationId, [property: Id(1)] int To, [property: Id(2)] int? ExpectedVersion, [property: Id(3)] string Actor);
