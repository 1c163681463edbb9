using System.Runtime.CompilerServices;

namespace OrleansScheduler.Silo.Tests;

/// <summary>
/// Silos, gateways and agents of two versions talk to each other during a rolling upgrade, and every version reads what older ones stored.
/// </summary>
public sealed class ContractTests
{
    /// <summary>Set to record the manifest anew: it adds lines and never takes one away or changes one.</summary>
    private const string RecordVariable = "OSCHED_RECORD";

    private static readonly string File = Path.Combine(Path.GetDirectoryName(ThisFile())!, "contracts.txt");

    [Fact]
    public async Task What_older_versions_rely_on_is_as_it_was()
    {
        var now = ContractManifest.Read();
        var recorded = Parse(await System.IO.File.ReadAllLinesAsync(File, TestContext.Current.CancellationToken));
        var broken = Compare(recorded, now);
        Assert.True(broken.Count == 0, string.Join('\n', broken));

        var added = now.Where(line => !recorded.ContainsKey(line.Key)).Select(line => $"{line.Key} = {line.Value}").ToList();
        if (Environment.GetEnvironmentVariable(RecordVariable) is null)
        {
            Assert.True(added.Count == 0, $"new contracts: record them with {RecordVariable}=1 and review\n{string.Join('\n', added)}");
            return;
        }

        await System.IO.File.WriteAllLinesAsync(
            File, now.Select(line => $"{line.Key} = {line.Value}"), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_member_that_is_gone_changed_or_whose_number_is_used_again_is_named_with_what_to_do()
    {
        var recorded = Parse(["type a = class", "type a.0 = Int32 Count", "type a.1 = String Name", "method i.Do = () Task"]);

        Assert.Empty(Compare(recorded, Parse([.. recorded.Select(l => $"{l.Key} = {l.Value}"), "type a.2 = Int64 Size"])));
        Assert.Contains("type a.1 is gone", Assert.Single(Compare(recorded, Without(recorded, "type a.1"))));
        Assert.Contains("method i.Do is gone", Assert.Single(Compare(recorded, Without(recorded, "method i.Do"))));
        var other = Without(recorded, "type a.0");
        other["type a.0"] = "Int64 Count";
        Assert.Contains("type a.0 was Int32 Count and is Int64 Count", Assert.Single(Compare(recorded, other)));
    }

    private static List<string> Compare(SortedDictionary<string, string> recorded, SortedDictionary<string, string> now)
    {
        var broken = new List<string>();
        foreach (var (name, was) in recorded)
        {
            if (!now.TryGetValue(name, out var value))
                broken.Add($"{name} is gone ({was}): keep it until no version that uses it can run, or give the new thing a new number.");
            else if (value != was)
                broken.Add($"{name} was {was} and is {value}: put it back and add a member with a new number instead.");
        }

        return broken;
    }

    private static SortedDictionary<string, string> Without(SortedDictionary<string, string> lines, string name)
    {
        var rest = new SortedDictionary<string, string>(lines, StringComparer.Ordinal);
        Assert.True(rest.Remove(name));
        return rest;
    }

    private static SortedDictionary<string, string> Parse(IEnumerable<string> lines) =>
        new(lines.Select(line => line.Split(" = ", 2)).ToDictionary(parts => parts[0], parts => parts[1]), StringComparer.Ordinal);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
