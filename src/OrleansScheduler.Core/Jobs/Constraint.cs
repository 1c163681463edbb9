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
}
