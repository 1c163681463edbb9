namespace OrleansScheduler.Core;

/// <summary>The drivers that a task may name. Nodes say in their attributes which of them they offer.</summary>
public static class TaskDrivers
{
    /// <summary>Processes of the node; every node has it.</summary>
    public const string Process = "process";

    /// <summary>Containers of an engine that speaks the API of Docker.</summary>
    public const string Container = "container";

    /// <summary>Containers that the agent unpacks itself and starts with an OCI runtime.</summary>
    public const string Oci = "oci";

    /// <summary>The attribute of nodes whose values are the drivers that they offer.</summary>
    public const string Attribute = "driver";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } = [Process, Container, Oci];

    /// <summary>Whether it runs an image.</summary>
    public static bool RunsImages(string driver) => driver is Container or Oci;

    /// <summary>
    /// Where instances may go: what the job says, and only nodes that offer its driver. All nodes have processes, also those that say
    /// nothing of drivers.
    /// </summary>
    public static ImmutableArray<Constraint> ConstraintsOf(JobSpec spec) => RunsImages(spec.Task.Driver)
        ? spec.Constraints.Add(new Constraint.Value(Attribute, [spec.Task.Driver], Negated: false))
        : spec.Constraints;
}
