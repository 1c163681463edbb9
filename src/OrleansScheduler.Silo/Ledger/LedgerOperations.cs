namespace OrleansScheduler.Silo;

/// <summary>What was answered to one operation of a user.</summary>
/// <param name="Id">The operation's id.</param>
/// <param name="Request">What was asked, in words, to tell a repetition from another request under the same id.</param>
/// <param name="Role">The answer when it was about a role.</param>
/// <param name="Node">The answer when it was about a node.</param>
[GenerateSerializer, Immutable, Alias("osched.LedgerOperation")]
internal sealed record LedgerOperation(
    [property: Id(0)] string Id, [property: Id(1)] string Request, [property: Id(2)] RoleView? Role, [property: Id(3)] NodeView? Node);

/// <summary>The last operations, so that one that is repeated is answered and not done again.</summary>
internal sealed class LedgerOperations
{
    public const int Most = 1000;

    private readonly Dictionary<string, LedgerOperation> _byId = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];

    /// <summary>All of them, oldest first.</summary>
    public IEnumerable<LedgerOperation> All => _order.Select(id => _byId[id]);

    public LedgerOperation? Find(string id) => _byId.GetValueOrDefault(id);

    public void Add(LedgerOperation operation)
    {
        if (!_byId.TryAdd(operation.Id, operation)) return;
        _order.Enqueue(operation.Id);
        if (_order.Count > Most) _byId.Remove(_order.Dequeue());
    }
}
