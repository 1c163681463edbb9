using System.Collections.Concurrent;
using System.Globalization;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Task specs under names of their own, so that these tests do not depend on how specs are written as JSON.</summary>
internal sealed class TestSpecs : TaskSpecReader
{
    private static readonly ConcurrentDictionary<string, TaskSpec> Known = new(StringComparer.Ordinal);

    public static string TextOf(TaskSpec spec)
    {
        var text = "spec-" + Known.Count.ToString(CultureInfo.InvariantCulture) + "-" + Guid.NewGuid().ToString("N");
        Known[text] = spec;
        return text;
    }

    protected override TaskSpec? Parse(string json) => Known.GetValueOrDefault(json);
}
