namespace OrleansScheduler.Core;

/// <content>Who is next.</content>
public sealed partial class RoleTree
{
    private readonly List<FairOrder> _orders = [];

    /// <summary>Sets how much a role is worth beside its siblings; 1 until it is set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The weight is not a number above zero (<see cref="CheckWeight"/>).</exception>
    public void SetWeight(int role, double weight)
    {
        if (CheckWeight(weight) is { } problem) throw new ArgumentOutOfRangeException(nameof(weight), weight, problem.Message);
        _roles[role].Weight = weight;
        foreach (var order in _orders) order.Weighed(role);
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
    public double ShareOf(int role) => Amounts.DominantShare(_roles[role].Allocated, Total) / _roles[role].Weight;

    /// <summary>Who of two siblings comes first: smaller share, then fewer allocations, then path.</summary>
    public int CompareShares(int a, int b)
    {
        var order = ShareOf(a).CompareTo(ShareOf(b));
        if (order == 0) order = AllocationsOf(a).CompareTo(AllocationsOf(b));
        return order != 0 ? order : string.CompareOrdinal(PathOf(a), PathOf(b));
    }

    /// <summary>The order of a planner of its own; the tree keeps it up to date from now on.</summary>
    public FairOrder AddOrder()
    {
        var order = new FairOrder(this);
        _orders.Add(order);
        return order;
    }

    /// <inheritdoc cref="FairOrder.SetActive"/>
    public void SetActive(int role, bool active) => _order.SetActive(role, active);

    /// <inheritdoc cref="FairOrder.IsActive"/>
    public bool IsActive(int role) => _order.IsActive(role);

    /// <inheritdoc cref="FairOrder.Skip"/>
    public void Skip(int role) => _order.Skip(role);

    /// <inheritdoc cref="FairOrder.ResetSkips"/>
    public void ResetSkips() => _order.ResetSkips();

    /// <inheritdoc cref="FairOrder.First"/>
    public int First() => _order.First();

    /// <summary>The same of what a role itself holds, without its weight: how Mesos' virtual child competes.</summary>
    internal (double Share, long Allocations) OwnShareOf(int role) =>
        (Amounts.DominantShare(_roles[role].Own.Allocated, Total), _roles[role].Own.Allocations);
}
