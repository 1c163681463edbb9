using System.CommandLine;
using System.Security.Cryptography;

namespace OrleansScheduler.Chaos;

/// <summary><c>chaos</c>: whether a cell keeps its promises while its parts are killed, paused and cut off.</summary>
internal static class ChaosCommand
{
    private const int Gateways = 2;
    private const int Agents = 4;

    /// <summary>Room for thirty tasks a node: the workload has up to 66, and with all nodes there the first ones are full.</summary>
    private const int CoresPerAgent = 3;
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(100);

    /// <summary>Nodes count as lost, and others make room, sooner than by default, so that a short run sees it too.</summary>
    private static readonly ImmutableDictionary<string, string> Settings = ImmutableDictionary<string, string>.Empty
        .Add("Cell__UnreachableAfter", "00:00:05").Add("Cell__Lease", "00:00:05").Add("Cell__Ledger__PreemptAfter", "00:00:02");

    private enum Mode
    {
        Short,
        Long,
    }

    public static Command Create()
    {
        var mode = new Option<Mode>("--mode") { Description = "short: as a part of the test run; long: as long as --hours says" };
        var hours = new Option<double>("--hours") { Description = "How long things are broken", DefaultValueFactory = _ => 1 };
        var seed = new Option<int?>("--seed") { Description = "What the order of faults and operations follows from; any when not given" };
        var only = new Option<string?>("--only") { Description = "Break nothing but this class of things, such as F7-silo-silo" };
        var past = new Option<int>("--past") { Description = "Jobs that have ended before anything breaks: how old the cell is" };
        var plan = new PlanOptions(Gateways, Agents, choosesNamespaces: true);
        var command = new Command("chaos", "Let users work in a cell while its parts break, and check that it kept its promises")
        {
            mode, hours, seed, only, past,
        };
        plan.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var chosen = parse.GetValue(seed) ?? RandomNumberGenerator.GetInt32(1_000_000);
            var isLong = parse.GetValue(mode) == Mode.Long;
            var length = isLong ? TimeSpan.FromHours(parse.GetValue(hours)) : Short;
            var asked = plan.Read(parse);
            var cell = asked with { Settings = Settings.SetItems(asked.Settings), CoresPerAgent = CoresPerAgent };
            var again = "dotnet run -c Release --project tests/OrleansScheduler.Chaos -- chaos "
                + (isLong ? string.Create(CultureInfo.InvariantCulture, $"--mode long --hours {length.TotalHours}") : "--mode short")
                + $" --seed {chosen} --profile {cell.Store} --silos {cell.Silos} --gateways {cell.Gateways} --agents {cell.Agents}"
                + (parse.GetValue(only) is { } class_ ? $" --only {class_}" : "")
                + (parse.GetValue(past) is > 0 and var jobs ? $" --past {jobs}" : "")
                + string.Concat(asked.Settings.Select(setting => $" --set {setting.Key}={setting.Value}"));
            Console.Error.WriteLine(again);
            var run = new ChaosRun(cell, chosen, length, isLong, parse.GetValue(only), parse.GetValue(past), again);
            var report = await run.Run(cancellationToken);
            plan.Print(parse, report);
            Console.Error.WriteLine(report.Summary);
            return report.IsClean ? 0 : 1;
        });
        return command;
    }
}
