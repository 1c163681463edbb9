using System.CommandLine;

namespace OrleansScheduler.Chaos;

/// <summary><c>failover</c>: how long users notice that silos are gone.</summary>
internal static class FailoverCommand
{
    public static Command Create()
    {
        var fault = new Option<FailoverFault[]>("--fault")
        {
            Description = "What is done to the silos; all of them when it is not given",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => Enum.GetValues<FailoverFault>(),
        };
        var runs = new Option<int>("--runs") { Description = "Runs of each fault", DefaultValueFactory = _ => 20 };
        var plan = new PlanOptions();
        var command = new Command("failover", "Break silos of a cell and measure how long users notice") { fault, runs };
        plan.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var cluster = await ClusterDriver.Start(plan.Read(parse));
            var measure = new FailoverMeasure(cluster);
            await measure.Prepare();
            foreach (var kind in parse.GetValue(fault)!)
            {
                var done = ImmutableArray.CreateBuilder<FailoverRun>();
                while (done.Count < parse.GetValue(runs) && !cancellationToken.IsCancellationRequested)
                {
                    var run = await measure.Run(kind);
                    done.Add(run);
                    Console.Error.WriteLine(
                        $"{run.At:HH:mm:ss.fff} {kind} {done.Count}: accepted {run.AcceptedMs:0} placed {run.PlacedMs:0} "
                        + $"read gap {run.ReadGapMs:0} write gap {run.WriteGapMs:0} failed {run.Failed} "
                        + $"ended {run.EndedMs:0} exit {run.ExitCode}");
                }

                var cell = plan.Read(parse);
                if (done.Count > 0) plan.Print(parse, new FailoverReport(kind, cell.Store, cell.Silos, done.ToImmutable()));
            }

            return 0;
        });
        return command;
    }
}
