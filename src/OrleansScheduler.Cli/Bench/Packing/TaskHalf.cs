namespace OrleansScheduler.Cli;

/// <summary>Which rows of a list of tasks are used, so that what is tuned on one half is reported on the other.</summary>
internal enum TaskHalf
{
    /// <summary>Every row.</summary>
    All,

    /// <summary>The first, the third and so on: rows are counted from 0.</summary>
    Even,

    /// <summary>The second, the fourth and so on.</summary>
    Odd,
}
