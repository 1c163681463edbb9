namespace OrleansScheduler.Core;

/// <content>Who is next.</content>
public sealed partial class RoleTree
{
    private readonly List<Role> _skipped = [];
    private bool _sharesAreOld;

    /// <summary>Sets how much a role is worth beside its siblings; 1 until it is set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The weight is not a number above zero (<see cref="CheckWeight"/>).</exception>
    public void SetWeight(int role, double weight)
    {
        if (CheckWeight(weight) is { } problem) throw new ArgumentOutOfRangeException(nameof(weight), weight, problem.Message);
        var changed = _roles[role];
        changed.Weight = weight;
        if (changed.Parent is not { } parent) return;
        changed.AsChild.Share = ShareOf(changed);
        parent.Waiting.Move(changed.AsChild);
    }

    /// <summary>What is wrong with a weight; null when nothing is.</summary>
    public static Problem? CheckWeight(double weight) => double.IsFinite(weight) && weight > 0
        ? null
        : Problem.Of(ProblemKind.Invalid, "weight-not-positive", $"A weight is a number above zero, not {weight}.");

    /// <summary>A role's weight.</summary>
    public double WeightOf(int role) => _roles[role].Weight;

    /// <summary>
    /// The largest part that a role and those below it hold of any dimension of <see cref="Total"/>, divided by the role's weight.
    /// </summary>
    public double ShareOf(int role) => ShareOf(_roles[role]);

    /// <summary>Who of two siblings comes first: smaller share, then fewer allocations, then path.</summary>
    public int CompareShares(int a, int b)
    {
        var (x, y) = (_roles[a], _roles[b]);
        var order = ShareOf(x).CompareTo(ShareOf(y));
        if (order == 0) order = x.AsChild.Allocations.CompareTo(y.AsChild.Allocations);
        return order != 0 ? order : string.CompareOrdinal(x.Path, y.Path);
    }

    /// <summary>Says whether a role itself (not one below it) waits for something.</summary>
    public void SetActive(int role, bool active)
    {
        var changed = _roles[role];
        changed.Active = active;
        Enter(changed);
    }

    /// <summary>Whether a role itself waits for something.</summary>
    public bool IsActive(int role) => _roles[role].Active;

    /// <summary>Leaves a role out until <see cref="ResetSkips"/>; those below it stay.</summary>
    public void Skip(int role)
    {
        var skipped = _roles[role];
        if (skipped.Skipped) return;
        skipped.Skipped = true;
        _skipped.Add(skipped);
        Enter(skipped);
    }

    /// <summary>Lets all roles take part again.</summary>
    public void ResetSkips()
    {
        foreach (var role in _skipped)
        {
            role.Skipped = false;
            Enter(role);
        }

        _skipped.Clear();
    }

    /// <summary>
    /// The active role that is first in fair order; -1 when there is none. At each level the siblings compete with all that is below them,
    /// and a role that waits itself competes with its children by what it alone holds.
    /// </summary>
    public int First()
    {
        if (_sharesAreOld) Refresh();
        var at = _roles[0];
        while (at.Waiting.First is { } first)
        {
            if (first == at.Self) return at.Id;
            at = _roles[first.Id];
        }

        return -1;
    }

    private double ShareOf(Role role) => Amounts.DominantShare(role.Allocated, Total) / role.Weight;

    /// <summary>Puts a role into the heaps above it or takes it out, as far up as somebody waits because of it.</summary>
    private static void Enter(Role role)
    {
        if (role.Active && !role.Skipped) role.Waiting.Add(role.Self);
        else role.Waiting.Remove(role.Self);
        for (var at = role; at.Parent is { } parent; at = parent)
        {
            var waits = at.Waiting.Count > 0;
            if (waits == at.AsChild.Waits) return;
            if (waits) parent.Waiting.Add(at.AsChild);
            else parent.Waiting.Remove(at.AsChild);
        }
    }

    private void Refresh()
    {
        _sharesAreOld = false;
        foreach (var role in _roles)
        {
            role.AsChild.Share = ShareOf(role);
            role.Self.Share = Amounts.DominantShare(role.Own.Allocated, Total);
        }

        foreach (var role in _roles) role.Waiting.Rebuild();
    }
}
