using System.CommandLine;

namespace OrleansScheduler.Chaos;

/// <summary><c>upgrade</c>: every part of a cell becomes another build while users work, and then the first build again.</summary>
internal static class UpgradeCommand
{
    private const int Gateways = 2;

    public static Command Create()
    {
        var users = new Option<int>("--users") { Description = "Users who work at once", DefaultValueFactory = _ => 4 };
        var tasks = new Option<int>("--tasks") { Description = "Tasks that run all the time", DefaultValueFactory = _ => 12 };
        var alone = new Option<bool>("--one-gateway-each") { Description = "Agents know one gateway each, not all of them" };
        var plan = new PlanOptions();
        var command = new Command("upgrade", "Exchange every silo, gateway and agent one by one while users work, and back again")
        {
            users, tasks, alone,
        };
        plan.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var cell = plan.Read(parse);
            cell = cell with
            {
                Gateways = Math.Max(Gateways, cell.Gateways),
                AgentsKnowAllGateways = !parse.GetValue(alone),
            };
            await using var cluster = await ClusterDriver.Start(cell);
            var report = await new UpgradeMeasure(cluster, parse.GetValue(users), parse.GetValue(tasks))
                .Run(cell.Executable, ClusterDriver.Osched, cancellationToken);
            plan.Print(parse, report);
            return report is { Failed: 0, Restarted: 0, Forced: 0 } ? 0 : 1;
        });
        return command;
    }
}
