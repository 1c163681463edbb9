using System.CommandLine;

namespace OrleansScheduler.Chaos;

/// <summary><c>overload</c>: far more requests than a gateway admits, and all agents at its door at once.</summary>
internal static class OverloadCommand
{
    private const string Admission = "Gateway__Admission__";

    public static Command Create()
    {
        var rate = new Option<int>("--rate")
        {
            Description = "Reads, and as many changes, that the gateway admits a second",
            DefaultValueFactory = _ => 100,
        };
        var times = new Option<int>("--times") { Description = "So many times that is sent", DefaultValueFactory = _ => 10 };
        var seconds = new Option<int>("--seconds") { Description = "How long", DefaultValueFactory = _ => 30 };
        var nodes = new Option<int>("--nodes")
        {
            Description = "Virtual agents that lose their gateway; 0 leaves that out",
            DefaultValueFactory = _ => 10_000,
        };
        var plan = new PlanOptions();
        var command = new Command("overload", "Send a gateway far more than it admits, then take it away from all agents at once")
        {
            rate, times, seconds, nodes,
        };
        plan.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var cell = plan.Read(parse);
            var admitted = parse.GetValue(rate);
            cell = cell with { Settings = Limits(admitted).SetItems(cell.Settings) };
            await using var plane = await ControlPlane.Start(cell);
            var measure = new OverloadMeasure(plane, admitted, parse.GetValue(times), TimeSpan.FromSeconds(parse.GetValue(seconds)));
            plan.Print(parse, await measure.Run(cancellationToken));
            if (parse.GetValue(nodes) is > 0 and var count)
                plan.Print(parse, await RegistrationMeasure.Run(plane, count, cancellationToken));
            return 0;
        });
        return command;
    }

    private static ImmutableDictionary<string, string> Limits(int rate) =>
        (from kind in (string[])["Reads", "Writes"]
         from setting in (string[])["PerSecond", "Burst"]
         select KeyValuePair.Create($"{Admission}{kind}__{setting}", $"{rate}")).ToImmutableDictionary(StringComparer.Ordinal);
}
