namespace OrleansScheduler.Core;

/// <summary>
/// Who of those that wait is next. Several planners may each have an order of their own over one tree: what they hand out counts for all.
/// </summary>
public sealed class FairOrder
{
    private readonly RoleTree _tree;
    private readonly List<Place> _places = [];
    private readonly List<Place> _skipped = [];

    internal FairOrder(RoleTree tree) => _tree = tree;

    /// <summary>Whether every share is to be computed anew, because the cell's capacity changed.</summary>
    internal bool SharesAreOld { get; set; }

    /// <summary>Says whether a role itself (not one below it) waits for something.</summary>
    public void SetActive(int role, bool active)
    {
        var place = PlaceOf(role);
        place.Active = active;
        Enter(place);
    }

    /// <summary>Whether a role itself waits for something.</summary>
    public bool IsActive(int role) => role < _places.Count && _places[role].Active;

    /// <summary>Leaves a role out until <see cref="ResetSkips"/>; those below it stay.</summary>
    public void Skip(int role)
    {
        var place = PlaceOf(role);
        if (place.Skipped) return;
        place.Skipped = true;
        _skipped.Add(place);
        Enter(place);
    }

    /// <summary>Lets all roles take part again.</summary>
    public void ResetSkips()
    {
        foreach (var place in _skipped)
        {
            place.Skipped = false;
            Enter(place);
        }

        _skipped.Clear();
    }

    /// <summary>
    /// The active role that is first in fair order; -1 when there is none. At each level the siblings compete with all that is below them,
    /// and a role that waits itself competes with its children by what it alone holds.
    /// </summary>
    public int First()
    {
        if (_places.Count == 0) return -1;
        if (SharesAreOld) Refresh();
        var at = _places[0];
        while (at.Waiting.First is { } first)
        {
            if (first == at.Self) return first.Id;
            at = _places[first.Id];
        }

        return -1;
    }

    /// <summary>To be called when what a role holds changed.</summary>
    internal void Charged(int role)
    {
        // Roles that never waited have no place yet and get one with the numbers of then.
        for (var first = true; role >= 0; role = _tree.ParentOf(role), first = false)
        {
            if (role >= _places.Count) continue;
            var place = _places[role];
            if (first)
            {
                SetSelf(place);
                place.Waiting.Move(place.Self);
            }

            MoveAmongSiblings(place);
        }
    }

    /// <summary>To be called when a role's weight changed.</summary>
    internal void Weighed(int role)
    {
        if (role < _places.Count) MoveAmongSiblings(_places[role]);
    }

    private void MoveAmongSiblings(Place place)
    {
        SetChild(place);
        place.Parent?.Waiting.Move(place.AsChild);
    }

    private Place PlaceOf(int role)
    {
        while (_places.Count <= role)
        {
            var id = _places.Count;
            var path = _tree.PathOf(id);
            var parent = _tree.ParentOf(id);
            var place = new Place(id, path[(path.LastIndexOf('/') + 1)..], parent < 0 ? null : _places[parent]);
            SetSelf(place);
            SetChild(place);
            _places.Add(place);
        }

        return _places[role];
    }

    private void SetSelf(Place place) => (place.Self.Share, place.Self.Allocations) = _tree.OwnShareOf(place.Self.Id);

    private void SetChild(Place place)
    {
        place.AsChild.Share = _tree.ShareOf(place.AsChild.Id);
        place.AsChild.Allocations = _tree.AllocationsOf(place.AsChild.Id);
    }

    /// <summary>Puts a role into the heaps above it or takes it out, as far up as somebody waits because of it.</summary>
    private static void Enter(Place place)
    {
        if (place.Active && !place.Skipped) place.Waiting.Add(place.Self);
        else place.Waiting.Remove(place.Self);
        for (var at = place; at.Parent is { } parent; at = parent)
        {
            var waits = at.Waiting.Count > 0;
            if (waits == at.AsChild.Waits) return;
            if (waits) parent.Waiting.Add(at.AsChild);
            else parent.Waiting.Remove(at.AsChild);
        }
    }

    private void Refresh()
    {
        SharesAreOld = false;
        foreach (var place in _places)
        {
            SetSelf(place);
            SetChild(place);
        }

        foreach (var place in _places) place.Waiting.Rebuild();
    }

    private sealed class Place(int id, string name, Place? parent)
    {
        public Place? Parent { get; } = parent;

        /// <summary>The role with all below it, among its siblings.</summary>
        public Contender AsChild { get; } = new(id, name);

        /// <summary>The role alone, among its children: Mesos' virtual child.</summary>
        public Contender Self { get; } = new(id, ".");

        /// <summary>Children that are waiting or have someone waiting below them, and the role itself when it waits.</summary>
        public ShareHeap Waiting { get; } = new();

        public bool Active { get; set; }

        public bool Skipped { get; set; }
    }
}
