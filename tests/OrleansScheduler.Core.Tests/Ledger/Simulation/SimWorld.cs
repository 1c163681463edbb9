using static OrleansScheduler.Core.Tests.LedgerFixture;

namespace OrleansScheduler.Core.Tests;

/// <summary>
/// A small world around the ledger in which everything may go wrong: activations that do not know that they were replaced, crashes at any
/// point, messages lost, doubled and overtaken, nodes that go and come back. All of it follows from one seed.
/// </summary>
internal sealed class SimWorld
{
    private static readonly string[] Roles = ["a", "a/x", "b"];
    private readonly Random _random;
    private readonly Broken _broken;
    private readonly List<Action> _messages = [];
    private readonly List<Action> _late = [];
    private readonly List<SimLedger> _ledgers = [];
    private bool _isCalm;

    public SimWorld(int seed, Broken broken = Broken.Nothing)
    {
        (_random, _broken) = (new Random(seed), broken);
        Journal = new SimJournal(this);
        Checker = new SimChecker(this);
        for (var i = _random.Next(3, 6); i > 0; i--) Agents.Add(new SimAgent(this, NewNode($"n{i}")));
        for (var i = _random.Next(5, 9); i > 0; i--)
        {
            var key = Job($"j{i}", _random.Next(3) switch { 0 => "a.x", 1 => "a.y", _ => "b" });
            Jobs.Add(new SimJob(this, key, NewDemand(i)));
        }

        _ledgers.Add(new SimLedger(this));
        foreach (var agent in Agents) agent.Resend();
    }

    public static LedgerOptions Options { get; } = new()
    {
        PreemptAfter = TimeSpan.FromSeconds(10),
        PromiseFor = TimeSpan.FromSeconds(120),
        HoldAfter = TimeSpan.FromSeconds(30),
        HoldFor = TimeSpan.FromSeconds(60),
    };

    public DateTimeOffset Now { get; private set; } = Start;

    public SimJournal Journal { get; }

    public SimChecker Checker { get; }

    public List<SimAgent> Agents { get; } = [];

    public List<SimJob> Jobs { get; } = [];

    public Dictionary<string, long> Generations { get; } = new(StringComparer.Ordinal);

    public bool IsBroken(Broken what) => _broken.HasFlag(what);

    public bool Chance(int percent) => _random.Next(100) < percent;

    /// <summary>Whether something goes wrong here; never once the world has calmed down.</summary>
    public bool Fault(int percent) => !_isCalm && Chance(percent);

    public SimAgent Agent(string id) => Agents.Find(a => a.Id == id)!;

    public SimJob JobOf(JobKey key) => Jobs.Find(j => j.Key == key)!;

    public void Send(Action message) => (Fault(8) ? _late : _messages).Add(message);

    /// <summary>To whoever is thought to own the ledger: mostly the one that does.</summary>
    public void SendToLedger(Action<SimLedger> message) => Send(() =>
    {
        var alive = _ledgers.Where(l => !l.IsDead).ToList();
        if (alive.Count > 0) message(Fault(15) ? alive[_random.Next(alive.Count)] : alive[^1]);
    });

    public void Run(int events)
    {
        for (var i = 0; i < events; i++) Step();
        Calm();
    }

    /// <summary>A number that is the same for equal worlds with equal histories.</summary>
    public ulong Hash()
    {
        var refused = string.Join(',', Agents.Select(a => a.Refused));
        var hash = 14695981039346656037UL;
        foreach (var c in $"{Text()} {Now:O} {Journal.Epoch} {Journal.Written} {Journal.Refused} {Checker.Promises} {refused}")
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }

    /// <summary>Who holds, wants and runs what.</summary>
    private string Text() => string.Join('\n', Checker.Cell.Tasks
        .Select(t => $"{t.Id} {t.Node.Id} {t.IsPromise} {string.Join(',', t.Ports)}")
        .Concat(Jobs.SelectMany(j => j.Tasks.Values.Select(t => $"{j.Key} {t.Ref} {t.Status} {t.Placement?.Node}")))
        .Concat(Agents.Select(a => $"{a.Id} {a.Generation} {string.Join(',', a.Running.Keys)}")));

    private void Step()
    {
        switch (_random.Next(200))
        {
            case < 90:
                for (var i = _random.Next(1, 8); i > 0 && _messages.Count > 0; i--) Deliver(_messages, _random.Next(_messages.Count));
                if (_late.Count > 0 && Chance(15)) Deliver(_late, _random.Next(_late.Count));
                break;
            case < 140:
                var alive = _ledgers.Where(l => !l.IsDead).ToList();
                if (alive.Count == 0) Open();
                else (Chance(80) ? alive[^1] : alive[_random.Next(alive.Count)]).Work(_random.Next(1, 12));
                break;
            case < 141:
                Open();
                break;
            case < 150:
                Jobs[_random.Next(Jobs.Count)].Resend();
                break;
            case < 155:
                Agents[_random.Next(Agents.Count)].Resend();
                foreach (var ledger in _ledgers) ledger.Resend();
                break;
            case < 167:
                var agent = Agents[_random.Next(Agents.Count)];
                if (agent.IsReachable && agent.Running.Count > 0)
                    agent.End(agent.Running.Keys.ElementAt(_random.Next(agent.Running.Count)));
                break;
            case < 171:
                ChangeNode(Agents[_random.Next(Agents.Count)]);
                break;
            case < 174:
                ChangeRole();
                break;
            case < 182:
                Jobs[_random.Next(Jobs.Count)].Scale(_random.Next(8));
                break;
            default:
                Now = Now.AddSeconds(_random.Next(1, 6));
                break;
        }
    }

    /// <summary>Delivers a message; sometimes not for the last time, sometimes not at all.</summary>
    private void Deliver(List<Action> from, int index)
    {
        var message = from[index];
        if (!Fault(4))
        {
            from[index] = from[^1];
            from.RemoveAt(from.Count - 1);
            if (Fault(6)) return;
        }

        message();
    }

    private void Open()
    {
        _ledgers.RemoveAll(l => l.IsDead);
        _ledgers.Add(new SimLedger(this));
    }

    private void ChangeNode(SimAgent agent)
    {
        if (agent.IsReachable && Chance(40))
        {
            agent.Mode = agent.Mode == MaintenanceMode.None ? MaintenanceMode.Draining : MaintenanceMode.None;
            agent.Resend();
        }
        else if (agent.IsReachable)
        {
            agent.Lose();
        }
        else
        {
            agent.Return();
        }
    }

    private void ChangeRole()
    {
        var role = Roles[_random.Next(Roles.Length)];
        var quota = Chance(30) ? null : new Quota
        {
            Guarantee = Chance(30) ? new(500 * _random.Next(6), 0, 0, 0) : Resources.None,
            Limit = new(3000 + (500 * _random.Next(16)), Chance(50) ? 4096 + (512 * _random.Next(16)) : null, null, null),
        };
        SendToLedger(ledger => ledger.Change(new LedgerEvent.RoleChanged(role, quota, 1)));
    }

    /// <summary>No more faults: everything that was lost is said again until nothing changes; then all must agree.</summary>
    private void Calm()
    {
        _isCalm = true;
        _messages.AddRange(_late);
        _late.Clear();
        foreach (var agent in Agents)
        {
            agent.Mode = MaintenanceMode.None;
            if (!agent.IsReachable) agent.Return();
        }

        var (before, same) = ("", 0);
        for (var i = 0; same < 4; i++)
        {
            if (i == 200) throw new ViolationException("L1", "the world does not come to rest");
            foreach (var ledger in _ledgers) ledger.Resend();
            foreach (var agent in Agents) agent.Resend();
            foreach (var job in Jobs) job.Resend();
            while (_messages.Count > 0) Deliver(_messages, _messages.Count - 1);
            if (_ledgers.TrueForAll(l => l.IsDead)) Open();
            foreach (var ledger in _ledgers) ledger.Work(100);
            while (_messages.Count > 0) Deliver(_messages, _messages.Count - 1);
            var text = Text();
            same = text == before && Jobs.TrueForAll(j => j.IsAtRest) && !Checker.Open.Any() ? same + 1 : 0;
            (before, Now) = (text, Now.AddSeconds(5));
        }

        CheckAgreement();
    }

    private void CheckAgreement()
    {
        foreach (var preemption in Checker.Open)
            throw new ViolationException("S15", $"{preemption.Job}/{preemption.Attempt} still waits for {preemption.Node}");
        var owner = _ledgers.Last(l => !l.IsDead).Core;
        var journal = Journal.Recover(Options);
        Agree("ledger", Held(owner), "journal", Held(journal));
        Agree("journal", Held(journal), "count", Checker.Cell.Tasks.Select(t => $"{t.Id} {t.Node.Id}"));
        Agree("ledger", Held(owner), "jobs", Jobs.SelectMany(j => j.Holding.Select(t => $"{t.Ref.Of(j.Key)} {t.Placement!.Node}")));
        Agree("ledger", Held(owner), "agents", Agents.SelectMany(a => a.Running.Keys.Select(r => $"{r} {a.Id}")));
        foreach (var view in owner.DescribeNodes())
        {
            var used = Checker.Cell.Node(view.Description.Id).Tasks.Aggregate(Resources.None, (sum, t) => sum + t.Demand.Request);
            if (view.Used != used) throw new ViolationException("S10", $"{view.Description.Id} uses {view.Used}, counted {used}");
        }

        static IEnumerable<string> Held(Ledger ledger) =>
            ledger.Jobs.SelectMany(j => ledger.HeldBy(j).Select(a => $"{a.Of(j)} {ledger.Find(j, a)!.Node}"));

        static void Agree(string one, IEnumerable<string> ones, string other, IEnumerable<string> others)
        {
            var (a, b) = (ones.ToHashSet(StringComparer.Ordinal), others.ToHashSet(StringComparer.Ordinal));
            if (!a.SetEquals(b))
                throw new ViolationException("S10",
                    $"only {one}: {string.Join(", ", a.Except(b))}; only {other}: {string.Join(", ", b.Except(a))}");
        }
    }

    private NodeDescription NewNode(string id) =>
        Describe(id, 1000 * _random.Next(3, 9), 1024 * _random.Next(4, 12), 8192, 1000 * _random.Next(3), _random.Next(3, 9)) with
        {
            Attributes = Attributes(("zone", $"z{_random.Next(3)}")),
            Custom = new CustomCapacity { Sets = Map(("card", ImmutableArray.Create(["c0", "c1"]))) },
        };

    private Demand NewDemand(int name)
    {
        var constraints = ImmutableArray<Constraint>.Empty;
        if (Chance(20)) constraints = [new Constraint.Limit("node", _random.Next(1, 3))];
        else if (Chance(20)) constraints = [new Constraint.Spread("zone", 1)];
        else if (Chance(15)) constraints = [new Constraint.Affinity("node", Job($"j{(name % 3) + 1}", "b"), Apart: true)];
        return new Demand
        {
            Version = 1,
            Request = new Resources(500 * _random.Next(1, 6), 256 * _random.Next(1, 8), 0, Chance(25) ? 500 * _random.Next(1, 3) : 0),
            Ports = _random.Next(3),
            Constraints = constraints,
            Custom = Chance(20) ? new CustomRequest { Sets = Map(("card", 1)) } : CustomRequest.None,
            Tier = Chance(50) ? Tier.Preferred : Tier.Preemptible,
            Priority = _random.Next(3),
            Gang = Chance(15),
            Attempts = [],
        };
    }
}
