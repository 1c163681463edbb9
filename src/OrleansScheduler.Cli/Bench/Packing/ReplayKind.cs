namespace OrleansScheduler.Cli;

/// <summary>Tasks of one shape and one number of pieces, in the order in which they came.</summary>
internal sealed class ReplayKind(PackingShape shape, int pieces)
{
    /// <summary>What each piece asks for.</summary>
    public PackingShape Shape { get; } = shape;

    /// <summary>Pieces that start together.</summary>
    public int Pieces { get; } = pieces;

    /// <summary>Numbers of the tasks that wait.</summary>
    public Queue<int> Waiting { get; } = [];

    /// <summary>Whether one of them may have become possible since all were last looked at.</summary>
    public bool IsCandidate { get; set; }

    /// <summary>Whether a cell where nothing runs has room for one.</summary>
    public bool FitsEmpty(PackingTrace trace)
    {
        var cell = new PackingCell(trace);
        IPackingRule rule = new FormulaRule(FormulaRule.FirstFit);
        for (var i = 0; i < Pieces; i++)
        {
            var choice = rule.Choose(cell, Shape);
            if (choice.Node < 0) return false;
            cell.Take(choice.Node, Shape, choice.Device);
        }

        return true;
    }
}
