namespace OrleansScheduler.Core;

/// <summary>The indexes of one table, one a shape. The oldest are forgotten; who still has one may go on using it.</summary>
internal sealed class ShapeIndexes(NodeTable table, VectorWidth width)
{
    private const int Most = 1024;

    private readonly Dictionary<Shape, ShapeIndex> _indexes = [];
    private long _uses;

    public NodeTable Table => table;

    /// <summary>An index of somebody's own, for certain nodes.</summary>
    public ShapeIndex Own(in Shape shape, NodeMask nodes) => new(table, shape, width, nodes);

    public ShapeIndex Of(in Shape shape)
    {
        if (!_indexes.TryGetValue(shape, out var index))
        {
            if (_indexes.Count >= Most)
            {
                foreach (var (old, _) in _indexes.OrderBy(i => i.Value.UsedAt).Take(Most / 2).ToList()) _indexes.Remove(old);
            }

            _indexes[shape] = index = new ShapeIndex(table, shape, width);
        }

        index.UsedAt = ++_uses;
        return index;
    }
}
