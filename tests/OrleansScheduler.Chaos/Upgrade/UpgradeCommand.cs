using System.CommandLine;

namespace OrleansScheduler.Chaos;

/// <summary><c>upgrade</c>: every part of a cell becomes another build while users work, and then the first build again.</summary>
internal static class UpgradeCommand
{
    private const int Gateways = 2;

    public static Command Create()
    {
        var from = new Option<string?>("--from")
        {
            Description = "Directory with the build that the cell begins with and returns to; the build of this program when not given",
        };
        var users = new Option<int>("--users") { Description = "Users who work at once", DefaultValueFactory = _ => 4 };
        var tasks = new Option<int>("--tasks") { Description = "Tasks that run all the time", DefaultValueFactory = _ => 12 };
        var plan = new PlanOptions();
        var command = new Command("upgrade", "Exchange every silo, gateway and agent one by one while users work, and back again")
        {
            from, users, tasks,
        };
        plan.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var first = parse.GetValue(from) is { } directory ? Path.GetFullPath(Path.Combine(directory, "osched")) : ClusterDriver.Osched;
            if (!File.Exists(first)) throw new FileNotFoundException("--from has no osched", first);
            var cell = plan.Read(parse);
            cell = cell with { Executable = first, Gateways = Math.Max(Gateways, cell.Gateways) };
            await using var cluster = await ClusterDriver.Start(cell);
            var report = await new UpgradeMeasure(cluster, parse.GetValue(users), parse.GetValue(tasks))
                .Run(first, ClusterDriver.Osched, cancellationToken);
            plan.Print(parse, report);
            return report is { Failed: 0, Restarted: 0, Forced: 0 } ? 0 : 1;
        });
        return command;
    }
}
