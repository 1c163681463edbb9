namespace OrleansScheduler.Gateway;

/// <summary>Lets every owner compare what it knows with what the store has.</summary>
internal sealed class CellCheck(CellOwners owners)
{
    /// <summary>Damages that one answer names.</summary>
    private const int MaxDamages = 1000;

    public async Task<CellCheckView> Run(CancellationToken cancellationToken)
    {
        var (checkedOwners, rows, bytes, damaged) = (0, 0L, 0L, 0L);
        var damages = ImmutableArray.CreateBuilder<StateDamageView>();
        var gate = new Lock();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Fanout.MaxInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(owners.All(cancellationToken), parallel, async (owner, token) =>
        {
            var check = await Check(owner, token);
            lock (gate)
            {
                checkedOwners++;
                rows += check.Rows;
                bytes += check.Bytes;
                damaged += check.Damages.Length;
                foreach (var damage in check.Damages.Take(MaxDamages - damages.Count))
                    damages.Add(new() { Owner = owner.ToString(), Row = damage.Row, Reason = damage.Reason });
            }
        });
        return new() { Owners = checkedOwners, Rows = rows, Bytes = bytes, Damaged = damaged, Damages = damages.ToImmutable() };
    }

    /// <summary>An owner that cannot begin because of its rows says which one it is.</summary>
    private async Task<StateCheck> Check(GrainId owner, CancellationToken cancellationToken)
    {
        try
        {
            return await owners.Find(owner).CheckState(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new(0, 0, [new("", $"the owner does not answer: {exception.GetBaseException().Message}")]);
        }
    }
}
