using CsCheck;
using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>What holds for every update, whatever its strategy, its failures, its users and the losses of its owner.</summary>
public sealed class UpdatePropertyTests
{
    private static readonly Gen<UpdatePolicy> Policy =
        from strategy in JobGen.Pick("queue", "batch", "variable-batch", "blue-green")
        from batch in Gen.Int[1, 4]
        from batches in Gen.Int[1, 4].Array[1, 3]
        from pause in Gen.Bool
        from failures in Gen.Int[0, 1]
        from scope in Gen.OneOf(Gen.Const(InstanceSet.Empty), Gen.Int[0, 2].Array[1, 3].Select(InstanceSet.Of))
        select new UpdatePolicy
        {
            Strategy = strategy,
            Batch = strategy is "variable-batch" or "blue-green" ? 1 : batch,
            Batches = strategy == "variable-batch" ? [.. batches] : [],
            AutoPause = strategy is not ("queue" or "blue-green") && pause,
            MaxInstanceFailures = failures,
            Watch = UpdateScene.Watch,
            Instances = strategy == "blue-green" ? InstanceSet.Empty : scope,
        };

    private static readonly Gen<Case> Cases = Gen.Select(Policy, Gen.Int[3, 9], Gen.Int[-2, 3], Gen.Int[0, 1_000_000]).Select(
        (policy, instances, growth, seed) =>
            new Case(policy, instances, policy.Instances.IsEmpty ? Math.Max(1, instances + growth) : instances, seed));

    [Fact]
    public void Never_more_instances_are_down_than_the_strategy_allows() => Cases.Sample(test =>
    {
        var allowed = test.Policy.Strategy == "variable-batch" ? test.Policy.Batches.Max() : test.Policy.Batch;
        Play(test, failures: 0, commands: true, crashes: false, scene =>
        {
            // Of those that were there before: those that the update creates or removes are no loss.
            var lasting = Math.Min(test.Before, test.After);
            if (test.Policy.Strategy == "blue-green")
            {
                var up = scene.Job.State.Tasks.Values.Count(t => t.Status == Running);
                Assert.True(up >= lasting, $"only {up} of {lasting} are up: {scene.Shape}");
                return;
            }

            var down = scene.Job.State.Tasks.Values.Count(t => t.Instance < lasting && t.Status != Running);
            Assert.True(down <= allowed, $"{down} are down, {allowed} may be: {scene.Shape}");
        });
    }, iter: 400);

    [Fact]
    public void An_update_ends_in_exactly_the_configuration_that_it_promised() => Cases.Sample(test =>
    {
        var (scene, before) = Play(test, failures: 0.03, commands: true, crashes: false, _ => { });
        Settle(scene);
        var after = scene.Shape;
        var changed = test.Policy.Instances.IsEmpty ? InstanceSet.Between(0, 99) : test.Policy.Instances;
        var promised = scene.Update.Status switch
        {
            UpdateStatus.RolledForward => string.Join(' ', Enumerable.Range(0, test.After)
                .Select(i => $"{i + scene.Update.ToFirst}:{(changed.Contains(i) ? scene.Update.ToVersion : 1)}")),
            UpdateStatus.RolledBack => before,
            _ => after,
        };
        Assert.Equal((promised, false), (after, scene.Update.IsActive));
        Assert.Null(scene.Tick(TimeSpan.FromDays(1)).Change);
        if (scene.Update.Status != UpdateStatus.RolledForward) return;
        scene.Job.Do(r => r.Submit("twice", scene.Spec("new", test.After), null, "me").Outcome("unchanged"));
        Assert.Equal((after, false), (scene.Shape, scene.Update.IsActive));
    }, iter: 400);

    [Fact]
    public void An_aborted_update_leaves_what_is_there() => Cases.Sample(test =>
    {
        var scene = new UpdateScene(test.Before) { Policy = test.Policy };
        scene.Start("new", test.After);
        var random = new Random(test.Seed);
        for (var i = random.Next(60); i > 0 && scene.Update.IsActive; i--) Step(scene, random, failures: 0.02);
        if (!scene.Update.IsActive) return;
        var killed = scene.Job.State.Tasks.Values.Where(t => t.Status == Killing).Select(t => t.Instance).ToHashSet();
        var there = scene.Job.State.Tasks.Values.Where(t => t.Status.IsActive() && !killed.Contains(t.Instance))
            .Select(t => $"{t.Instance}:{InstanceUpdate.VersionOf(t)}").ToList();
        scene.Ask(UpdateVerb.Abort);
        Settle(scene);
        Assert.Equal(string.Join(' ', there), scene.Shape);
        Assert.Null(scene.Tick(TimeSpan.FromDays(1)).Change);
    }, iter: 400);

    [Fact]
    public void An_update_resumes_from_every_point_at_which_its_owner_is_lost() => Cases.Sample(test =>
    {
        var (whole, _) = Play(test, failures: 0.03, commands: true, crashes: false, _ => { });
        var (broken, _) = Play(test, failures: 0.03, commands: true, crashes: true, _ => { });
        Assert.Equal((whole.Shape, whole.Statuses, whole.Update.Done), (broken.Shape, broken.Statuses, broken.Update.Done));
        for (var instance = 0; instance < 24; instance++) Assert.Equal(whole.Actions(instance), broken.Actions(instance));
    }, iter: 200);

    [Fact]
    public void Every_action_is_recorded_once_an_instance_and_the_counts_add_up() => Cases.Sample(test =>
    {
        var (scene, _) = Play(test, failures: 0.03, commands: true, crashes: false, _ => { });
        for (var instance = 0; instance < 24; instance++)
        {
            var actions = scene.Actions(instance).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(actions.Distinct(), actions);
            if (actions.Length > 0) Assert.Equal("Updating", actions[0]);
            if (actions.Contains("RolledBack")) Assert.Contains("RollingBack", actions);
        }

        Assert.InRange(scene.Update.Done, 0, scene.Update.Span);
        if (scene.Update.Status is UpdateStatus.RolledForward or UpdateStatus.RolledBack)
            Assert.Equal(scene.Update.Span, scene.Update.Done + scene.Update.FailedInstances.Count);
    }, iter: 200);

    /// <summary>Plays an update to its end; answers it and what there was before.</summary>
    private static (UpdateScene Scene, string Before) Play(
        Case test, double failures, bool commands, bool crashes, Action<UpdateScene> check)
    {
        var scene = new UpdateScene(test.Before) { Policy = test.Policy };
        var before = scene.Shape;
        scene.Start("new", test.After);
        var random = new Random(test.Seed);
        for (var i = 0; i < 3000 && scene.Update.IsActive; i++)
        {
            check(scene);
            if (crashes) scene.Job.Crash(i % scene.Job.JournalLength);
            Step(scene, random, failures);
            var command = random.Next(40);
            if (!scene.Update.IsActive) break;
            if (commands && command == 0) scene.Ask(UpdateVerb.Pause);
            else if (commands && command == 1 && test.Seed % 3 == 0) scene.Ask(UpdateVerb.Rollback);
            else if (command < 8) scene.Ask(UpdateVerb.Resume);
        }

        Assert.False(scene.Update.IsActive, $"it does not end: {scene.Status} {scene.Shape}");
        return (scene, before);
    }

    private static void Step(UpdateScene scene, Random random, double failures)
    {
        scene.Job.Step(random, failures);
        scene.Tick(TimeSpan.FromSeconds(random.Next(5)));
    }

    /// <summary>Lets everything that moves come to rest.</summary>
    private static void Settle(UpdateScene scene)
    {
        for (var i = 0; i < 4; i++) scene.Pass([.. scene.Job.State.Tasks.Keys]);
    }

    private sealed record Case(UpdatePolicy Policy, int Before, int After, int Seed);
}
