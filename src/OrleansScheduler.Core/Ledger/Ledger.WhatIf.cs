namespace OrleansScheduler.Core;

/// <content>Trying changes on a copy: the same planner, nothing of it real.</content>
public sealed partial class Ledger
{
    private const int MaxRounds = 1000;

    /// <summary>A copy that goes its own way: what is held, promised and waiting, nodes, roles. Reads this ledger only.</summary>
    public Ledger Clone() => Capture().Restore();

    /// <summary>Everything there is, for a copy that is made later and perhaps by another thread. Reads this ledger only.</summary>
    public LedgerImage Capture() => new(_options)
    {
        Roles = [.. RoleSettings()],
        Nodes = [.. Nodes()],
        NodeReservations = [.. NodeReservations()],
        Held = _held.Facts(),
        NodeIds = _order.ConvertAll(n => n.Id),
        Preemptions = [.. _preemptions.Values],
        Demands = [.. _jobs.Values.Where(j => j.Groups.Count > 0).Select(j => new LedgerEvent.Demanded(j.Key, Demands(j)))],
    };

    /// <summary>What a change would bring about.</summary>
    /// <param name="change">The change.</param>
    /// <param name="now">The time.</param>
    public Answer<WhatIfView> Try(WhatIf change, DateTimeOffset now) => Capture().Try(change, now);

    internal static Ledger Restore(LedgerImage image)
    {
        var copy = new Ledger(image.Options);
        foreach (var role in image.Roles) copy.Apply(role);
        foreach (var node in image.Nodes) copy.Apply(node);
        foreach (var reserved in image.NodeReservations) copy.Apply(reserved);
        copy._held.EnsureCapacity(image.Held.Length + 64);
        foreach (ref readonly var fact in image.Held.AsSpan()) copy.Adopt(fact, image.NodeIds[fact.Node]);
        foreach (var preemption in image.Preemptions) copy.Promise(preemption);
        foreach (var node in copy._order) copy.Refresh(node);
        foreach (var demanded in image.Demands.OrderBy(d => d.Job)) copy.Apply(demanded);
        return copy;
    }

    internal static Answer<WhatIfView> Try(LedgerImage image, WhatIf change, DateTimeOffset now)
    {
        if (CheckChange(change) is { } problem) return problem;
        var ledger = image.Restore();
        ledger.PlanAll(now);
        var before = ledger.LookAround();
        if (ledger.Make(change, now) is { } impossible) return impossible;
        var preempted = ledger.PlanAll(now);
        return ledger.Compare(before, preempted, now);
    }

    /// <summary>What a job would say now: what waits, and what was promised a node, which it wants no less.</summary>
    private ImmutableArray<Demand> Demands(LedgerJob job)
    {
        var demands = job.Groups.ConvertAll(g => g.Demand with { Attempts = [.. g.WaitingAttempts] });
        if (Promised == 0) return [.. demands];
        foreach (var preemption in _preemptions.Values.Where(p => p.Job == job.Key))
            Add(demands, preemption.Demand with { Attempts = [preemption.Attempt] });
        return [.. demands];
    }

    private void Adopt(in HeldFact fact, string nodeId)
    {
        var (job, node, spec) = (JobOf(fact.Job), _nodes[nodeId], fact.Spec);
        node.Custom.Take(spec.Custom, fact.Items);
        foreach (var port in fact.Ports) node.Ports.Take(port);
        node.Gpus.Take(fact.Devices, spec.EachDevice);
        var placement = new Placement(fact.Attempt, nodeId, fact.Ports) { Devices = fact.Devices, Items = fact.Items };
        var taken = node.Amounts.Force(_roles, job.Role, spec.Request, spec.IsRevocable);
        Hold(job, node, fact.Attempt, spec, placement, taken, fact.Since);
    }

    private static Problem? CheckChange(WhatIf change)
    {
        var added = 0L;
        for (var i = 0; i < change.AddNodes.Length; i++)
        {
            var template = change.AddNodes[i];
            added += template.Count;
            if (template.Count < 1 || added > WhatIf.MaxNodes)
                return Bad($"addNodes[{i}].count", $"must be between 1 and {WhatIf.MaxNodes} over all");
            if (!template.Capacity.IsNonNegative || template.Capacity == Resources.None)
                return Bad($"addNodes[{i}].capacity", "must be more than nothing and not negative");
        }

        for (var i = 0; i < change.Scale.Length; i++)
        {
            if (change.Scale[i].Instances is < 0 or > JobLimits.MaxInstances)
                return Bad($"scale[{i}].instances", $"must be between 0 and {JobLimits.MaxInstances}");
        }

        for (var i = 0; i < change.Quotas.Length; i++)
        {
            if (!RolePath.IsValid(change.Quotas[i].Role)) return Bad($"quotas[{i}].role", RolePath.Rule);
            if (change.Quotas[i].Quota is { } quota && quota.Check() is { } reason) return Bad($"quotas[{i}].quota", reason.Message);
        }

        return null;

        static Problem Bad(string path, string rule) => Problem.Of(ProblemKind.Invalid, "what-if-invalid", $"{path}: {rule}.") with
        {
            Errors = [new FieldError("out-of-range", path, rule, 0, 0, 0)],
        };
    }

    private Problem? Make(WhatIf change, DateTimeOffset now)
    {
        for (var i = 0; i < change.AddNodes.Length; i++)
        {
            var template = change.AddNodes[i];
            for (var j = 0; j < template.Count; j++)
            {
                var description = new NodeDescription
                {
                    Id = $"what-if-{i + 1}-{j + 1}",
                    Host = "what-if",
                    Capacity = template.Capacity,
                    FirstPort = 31_000,
                    PortCount = 1_000,
                    Attributes = template.Attributes ?? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty,
                };
                Apply(new LedgerEvent.NodeChanged(description, 1, Reachable: true, MaintenanceMode.None));
            }
        }

        foreach (var quota in change.Quotas)
        {
            var role = _roles.Find(quota.Role);
            Apply(new LedgerEvent.RoleChanged(quota.Role, quota.Quota, role < 0 ? 1 : _roles.WeightOf(role)));
        }

        foreach (var id in change.DrainNodes)
        {
            if (!_nodes.TryGetValue(id, out var node))
                return Problem.Of(ProblemKind.NotFound, "node-not-found", $"There is no node {id}.");
            Apply(new LedgerEvent.NodeChanged(node.Description, node.Generation, node.Reachable, MaintenanceMode.Draining));
            var rows = RowsOn(node).Where(h => !_held[h].IsPromise);
            Evict([.. rows.Select(h => _held[h].Attempt.Of(_held[h].Job.Key))], now);
        }

        foreach (var scale in change.Scale)
        {
            if (!_jobs.TryGetValue(scale.Job, out var job))
                return Problem.Of(ProblemKind.NotFound, "job-not-found",
                    $"The ledger knows no job {scale.Job} that holds or wants something.");
            Scale(job, scale.Instances, now);
        }

        foreach (var spec in change.Jobs) Submit(spec, now);
        return null;
    }

    /// <summary>Attempts lose their nodes and wait for others.</summary>
    private void Evict(ImmutableArray<AttemptId> attempts, DateTimeOffset now)
    {
        foreach (var byJob in attempts.GroupBy(a => a.Job).OrderBy(g => g.Key))
        {
            var job = _jobs[byJob.Key];
            var refs = byJob.Select(a => new AttemptRef(a.Instance, a.Number)).ToImmutableArray();
            var demands = Demands(job).ToList();
            foreach (var alike in refs.GroupBy(a => _held[job.Holding[a]].Spec)) Add(demands, DemandOf(alike.Key, [.. alike], now));
            Apply(new LedgerEvent.Released(byJob.Key, refs));
            Apply(new LedgerEvent.Demanded(byJob.Key, [.. demands]));
        }
    }

    private void Scale(LedgerJob job, int instances, DateTimeOffset now)
    {
        var promised = _preemptions.Values.Where(p => p.Job == job.Key).Select(p => p.Attempt).ToHashSet();
        var held = job.Holding.Keys.Where(a => !promised.Contains(a)).ToList();
        var demands = Demands(job).ToList();
        var known = held.Concat(demands.SelectMany(d => d.Attempts)).OrderBy(a => a.Instance).ToList();
        if (instances < known.Count)
        {
            var gone = known.Skip(instances).ToHashSet();
            Apply(new LedgerEvent.Released(job.Key, [.. held.Where(gone.Contains)]));
            demands = demands.ConvertAll(d => d with { Attempts = d.Attempts.RemoveAll(gone.Contains) });
        }
        else
        {
            var next = known.Count == 0 ? 0 : known[^1].Instance + 1;
            var added = Enumerable.Range(next, instances - known.Count).Select(i => new AttemptRef(i, 1)).ToImmutableArray();
            if (added.IsEmpty) return;
            var latest = demands.Count > 0
                ? demands.MaxBy(d => d.Version)! with { Attempts = added, Since = now }
                : DemandOf(held.Select(a => _held[job.Holding[a]].Spec).MaxBy(s => s.Version)!, added, now);
            Add(demands, latest);
        }

        Apply(new LedgerEvent.Demanded(job.Key, [.. demands.Where(d => !d.Attempts.IsEmpty)]));
    }

    /// <summary>All instances of a spec instead of what the job has now: where a finished update leads.</summary>
    private void Submit(JobSpec spec, DateTimeOffset now)
    {
        var version = 1;
        if (_jobs.TryGetValue(spec.Key, out var job))
        {
            version = job.Holding.Values.Select(h => _held[h].Spec.Version).Concat(job.Groups.Select(g => g.Demand.Version)).Max() + 1;
            Apply(new LedgerEvent.Released(spec.Key, HeldBy(spec.Key)));
        }

        var attempts = Enumerable.Range(0, spec.Instances).Select(i => new AttemptRef(i, int.MaxValue)).ToImmutableArray();
        Apply(new LedgerEvent.Demanded(spec.Key, [JobDescription.DemandOf(spec, spec, version, now, attempts)]));
    }

    private static void Add(List<Demand> demands, Demand more)
    {
        var at = demands.FindIndex(d => d.Version == more.Version);
        if (at < 0) demands.Add(more);
        else demands[at] = demands[at] with { Attempts = [.. demands[at].Attempts.Union(more.Attempts)] };
    }

    private static Demand DemandOf(HeldSpec spec, ImmutableArray<AttemptRef> attempts, DateTimeOffset now) => new()
    {
        Version = spec.Version,
        Request = spec.Request,
        Ports = spec.Ports,
        Custom = spec.Custom,
        Constraints = spec.Constraints,
        Priority = spec.Priority,
        Tier = spec.Tier,
        TimeLimit = spec.TimeLimit,
        Since = now,
        Attempts = attempts,
    };

    /// <summary>Plans until nothing more fits, as if it were late enough for preemption and victims ended at once.</summary>
    private Dictionary<JobKey, int> PlanAll(DateTimeOffset now)
    {
        var preempted = new Dictionary<JobKey, int>();
        for (var i = 0; i < MaxRounds; i++)
        {
            var plan = Plan(now + _options.PreemptAfter);
            var victims = plan.Preemptions.SelectMany(p => p.Victims).Where(v => RowOf(v) is not null).Distinct().ToImmutableArray();
            foreach (var victim in victims) preempted[victim.Job] = preempted.GetValueOrDefault(victim.Job) + 1;
            Evict(victims, now + _options.PreemptAfter);
            if (!plan.HasMore && victims.IsEmpty) break;
        }

        return preempted;
    }

    /// <summary>What there is to compare with: numbers of jobs and nodes.</summary>
    private Outlook LookAround() => new(
        _jobs.Keys.ToDictionary(k => k, CountsOf), _order.ConvertAll(n => (n.Tasks, n.Used)), Known().Count(n => n.IsReachableAndOpen),
        _capacity, UsedInAll(), Pending + Promised);

    private WhatIfView Compare(Outlook before, Dictionary<JobKey, int> preempted, DateTimeOffset now)
    {
        var jobs = ImmutableArray.CreateBuilder<JobOutlook>();
        foreach (var key in before.Jobs.Keys.Union(_jobs.Keys).Order())
        {
            var (heldNow, waitingNow) = before.Jobs.GetValueOrDefault(key);
            var (heldThen, waitingThen) = CountsOf(key);
            var stopped = preempted.GetValueOrDefault(key);
            if ((heldNow, waitingNow, 0) == (heldThen, waitingThen, stopped)) continue;
            var groups = waitingThen == 0 ? [] : Explain(key, now)?.Groups ?? [];
            jobs.Add(new(key, heldNow, heldThen, waitingNow, waitingThen, stopped, groups));
        }

        // Nodes are only added, so what was there before has the same number.
        var nodes = new List<NodeOutlook>();
        foreach (var node in Known())
        {
            var (tasks, used) = node.Index < before.Nodes.Count ? before.Nodes[node.Index] : default;
            if ((tasks, used) != (node.Tasks, node.Used)) nodes.Add(new(node.Id, tasks, node.Tasks, used, node.Used));
        }

        nodes.Sort(static (a, b) => string.CompareOrdinal(a.Node, b.Node));
        var cell = new CellOutlook(
            before.OpenNodes, Known().Count(n => n.IsReachableAndOpen), before.Capacity, _capacity, before.Used, UsedInAll(),
            before.Waiting, Pending + Promised);
        return new WhatIfView
        {
            Summary = Summarise(jobs, cell),
            Jobs = jobs.ToImmutable(),
            Nodes = [.. nodes.Take(WhatIfView.MaxNodes)],
            Cell = cell,
        };
    }

    private sealed record Outlook(
        Dictionary<JobKey, (int Held, int Waiting)> Jobs, List<(int Tasks, Resources Used)> Nodes, int OpenNodes, Resources Capacity,
        Resources Used, int Waiting);

    private static string Summarise(ImmutableArray<JobOutlook>.Builder jobs, CellOutlook cell)
    {
        if (jobs.Count == 0) return "Nothing would change for any job.";
        var (placed, waiting, stopped) =
            (jobs.Sum(j => j.PlacedThen - j.PlacedNow), cell.WaitingThen - cell.WaitingNow, jobs.Sum(j => j.Preempted));
        var parts = new List<string>();
        if (placed != 0) parts.Add($"{Math.Abs(placed)} {(placed > 0 ? "more" : "fewer")} instances would run");
        if (waiting != 0) parts.Add($"{Math.Abs(waiting)} {(waiting > 0 ? "more" : "fewer")} would wait");
        if (stopped != 0) parts.Add($"{stopped} would be preempted");
        return parts.Count == 0 ? $"{jobs.Count} jobs would run on other nodes; nobody would wait longer." : string.Join(", ", parts) + ".";
    }

    private (int Held, int Waiting) CountsOf(JobKey key)
    {
        if (!_jobs.TryGetValue(key, out var job)) return (0, 0);
        var promised = job.Holding.Values.Count(h => _held[h].IsPromise);
        return (job.Holding.Count - promised, job.Groups.Sum(g => g.Waiting) + promised);
    }

    private Resources UsedInAll()
    {
        var used = Resources.None;
        foreach (var node in _order) used += node.Used;
        return used;
    }
}
