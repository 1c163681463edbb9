using System.CommandLine;

namespace OrleansScheduler.Chaos;

/// <summary><c>restart</c>: a whole control plane with many tasks is killed and started again.</summary>
internal static class RestartCommand
{
    public static Command Create()
    {
        var embedded = new Option<bool>("--embedded") { Description = "One process on SQLite instead of silos and gateways" };
        var nodes = new Option<int>("--nodes") { Description = "Virtual nodes", DefaultValueFactory = _ => 1_000 };
        var tasks = new Option<int>("--tasks") { Description = "Tasks that run, in jobs of 100", DefaultValueFactory = _ => 100_000 };
        var plan = new PlanOptions();
        var command = new Command("restart", "Kill all silos and gateways under running tasks, and measure until they schedule again")
        {
            embedded, nodes, tasks,
        };
        plan.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var cell = plan.Read(parse);
            await using var plane = parse.GetValue(embedded) ? await ControlPlane.StartEmbedded(cell) : await ControlPlane.Start(cell);
            await using var measure = new RestartMeasure(plane, parse.GetValue(nodes), parse.GetValue(tasks));
            var report = await measure.Run(cancellationToken);
            plan.Print(parse, report with { Profile = parse.GetValue(embedded) ? "embedded" : $"{cell.Silos} silos on {cell.Store}" });
            return report is { Lost: 0, Duplicated: 0 } ? 0 : 1;
        });
        return command;
    }
}
