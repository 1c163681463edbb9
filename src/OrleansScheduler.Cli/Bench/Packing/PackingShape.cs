namespace OrleansScheduler.Cli;

/// <summary>What a task, or each piece of it, asks for; equal ones may be exchanged.</summary>
/// <param name="Cpu">Thousandths of a core.</param>
/// <param name="Memory">MiB.</param>
/// <param name="Gpus">GPUs; 0 for none.</param>
/// <param name="Milli">Thousandths of each: 1000 for whole ones, less for a share of one, 0 for none.</param>
/// <param name="Models">Which GPU models will do: a number of <see cref="PackingTrace.Admits"/>; 0 for any.</param>
internal readonly record struct PackingShape(int Cpu, int Memory, int Gpus, int Milli, int Models)
{
    /// <summary>Thousandths of GPUs in all.</summary>
    public int Gpu => Gpus * Milli;

    /// <summary>The amounts.</summary>
    public Resources Request => new(Cpu, Memory, 0, Gpu);

    /// <summary>Whether it asks for a part of one GPU.</summary>
    public bool IsShare => Gpus == 1 && Milli < Shape.Device;
}

/// <summary>One task of a trace.</summary>
/// <param name="Shape">What it asks for: an index of <see cref="PackingTrace.Shapes"/>.</param>
/// <param name="Pieces">Equal pieces that start together.</param>
/// <param name="ArrivesAt">Seconds.</param>
/// <param name="RunsFor">Seconds.</param>
/// <param name="WaitedFor">How long it waited in the system that wrote the trace; null when that is not known.</param>
internal readonly record struct PackingTask(int Shape, int Pieces, double ArrivesAt, double RunsFor, double? WaitedFor);
