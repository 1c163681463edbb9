using System.Text.RegularExpressions;

namespace OrleansScheduler.Core;

/// <summary>A framework's conditions on nodes, ready to be tested: groups of which one must be satisfied.</summary>
internal sealed class NodeConstraints(ImmutableArray<ImmutableArray<AttributeConstraint>> groups)
{
    private static readonly TimeSpan NoTimeout = Regex.InfiniteMatchTimeout;
    private readonly (AttributeConstraint Constraint, Regex? Expression)[][] _groups =
        [.. groups.Select(group => group.Select(c => (c, Needs(c) ? Read(c.Value) : null)).ToArray())];

    public static bool CanRead(AttributeConstraint constraint)
    {
        try
        {
            if (Needs(constraint)) Read(constraint.Value);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    public bool Accept(OfferNodeFacts node)
    {
        foreach (var group in _groups)
        {
            if (Array.TrueForAll(group, c => Accept(node.ValuesOf(c.Constraint.Attribute), c.Constraint, c.Expression))) return true;
        }

        return _groups.Length == 0;
    }

    private static bool Accept(ImmutableArray<string> values, AttributeConstraint constraint, Regex? expression) => constraint.Test switch
    {
        AttributeTest.Exists => !values.IsEmpty,
        AttributeTest.NotExists => values.IsEmpty,
        AttributeTest.Equals => values.Contains(constraint.Value),
        AttributeTest.NotEquals => !values.Contains(constraint.Value),
        AttributeTest.Matches => values.Any(v => expression!.IsMatch(v)),
        _ => !values.Any(v => expression!.IsMatch(v)),
    };

    private static bool Needs(AttributeConstraint constraint) => constraint.Test is AttributeTest.Matches or AttributeTest.NotMatches;

    /// <summary>Without backtracking, as Mesos' RE2: a framework's expression cannot hold the cell up.</summary>
    private static Regex Read(string expression) =>
        new($"^(?:{expression})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, NoTimeout);
}
