namespace OrleansScheduler.Core;

/// <summary>A rule about which nodes an instance may run on.</summary>
[GenerateSerializer, Immutable, Alias("osched.Constraint")]
public abstract record Constraint([property: Id(0)] string Attribute)
{
    /// <summary>
    /// The node's attribute has one of the values, or none of them when negated. A node without the attribute satisfies only the negated
    /// form.
    /// </summary>
    /// <param name="Attribute">Attribute name.</param>
    /// <param name="Values">Accepted (or refused) values.</param>
    /// <param name="Negated">Whether the values are refused.</param>
    [GenerateSerializer, Immutable, Alias("osched.Constraint.Value")]
    public sealed record Value(string Attribute, [property: Id(0)] ImmutableArray<string> Values, [property: Id(1)] bool Negated)
        : Constraint(Attribute)
    {
        /// <summary>Structural equality.</summary>
        public bool Equals(Value? other) => other is not null && Attribute == other.Attribute && Negated == other.Negated
            && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Attribute, Values.Length, Negated);
    }

    /// <summary>
    /// At most <paramref name="Count"/> instances of the job run on nodes that share a value of the attribute. A node without the
    /// attribute does not qualify.
    /// </summary>
    /// <param name="Attribute">Attribute name.</param>
    /// <param name="Count">Most instances per value, at least 1.</param>
    [GenerateSerializer, Immutable, Alias("osched.Constraint.Limit")]
    public sealed record Limit(string Attribute, [property: Id(0)] int Count) : Constraint(Attribute);

    /// <summary>
    /// The instances are spread over the values of the attribute: no value has more than <paramref name="MaxSkew"/> instances more than
    /// the emptiest value whose nodes the job may use. A node without the attribute does not qualify.
    /// </summary>
    /// <param name="Attribute">Attribute name.</param>
    /// <param name="MaxSkew">Largest difference, at least 1.</param>
    [GenerateSerializer, Immutable, Alias("osched.Constraint.Spread")]
    public sealed record Spread(string Attribute, [property: Id(0)] int MaxSkew) : Constraint(Attribute);

    /// <summary>
    /// An instance of another job runs on a node that shares a value of the attribute, or none does when apart. Instances count from the
    /// moment they have a node.
    /// </summary>
    /// <param name="Attribute">Attribute name; <see cref="NodeAttribute"/> for the node itself.</param>
    /// <param name="Job">The other job.</param>
    /// <param name="Apart">Whether the two keep away from each other's nodes.</param>
    [GenerateSerializer, Immutable, Alias("osched.Constraint.Affinity")]
    public sealed record Affinity(string Attribute, [property: Id(0)] JobKey Job, [property: Id(1)] bool Apart) : Constraint(Attribute);

    /// <summary>Attribute that every node has: its id. A value constraint on it is a list of nodes.</summary>
    public const string NodeAttribute = "node";

    /// <summary>
    /// Attribute of nodes that take only tasks that ask for them (Aurora): its values are <c>role/name</c> or <c>*/name</c>, and a task
    /// goes there only with a value constraint on it that names one of them.
    /// </summary>
    public const string DedicatedAttribute = "dedicated";
}
