using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched node reserve</c> and <c>unreserve</c>: sets something of a node aside for a role, and gives it back.</summary>
internal static class NodeReserveCommand
{
    public static Verb Create(Shell shell, string name, string description, bool release)
    {
        var (node, operation) = (Arguments.Node(), Arguments.Operation());
        var role = new Option<string>("--role") { Description = "The role, such as shop or eng.web", Required = true, HelpName = "role" };
        var cpu = Arguments.Amount("--cpu", "Cores, such as 4 or 500m", Units.ParseMillis);
        var memory = Arguments.Amount("--memory", "Memory, such as 16GiB", Units.ParseMiB);
        var disk = Arguments.Amount("--disk", "Disk for sandboxes, such as 100GiB", Units.ParseMiB);
        var gpus = Arguments.Amount("--gpus", "GPUs, such as 1", Units.ParseMillis);
        return new Verb(shell, name, description, $"node {name} node-7 --role shop --cpu 4 --memory 16GiB")
            .With(node, role, cpu, memory, disk, gpus, operation).Runs(async (session, cancellationToken) =>
            {
                var amount = ResourceText.ToResources(
                    new(session.Value(cpu), session.Value(memory), session.Value(disk), session.Value(gpus)));
                if (amount == Resources.None) return session.Refuse("name an amount above 0: --cpu, --memory, --disk or --gpus");
                var (id, owner) = (session.Value(node), session.Value(role));
                var answer = await Change.SendAsync(session, session.Value(operation), key => release
                    ? session.Client.ReleaseAsync(id, owner, amount, key, cancellationToken)
                    : session.Client.ReserveAsync(id, owner, amount, key, cancellationToken));
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.One(answer.Value!, NodeListing.Nodes, view => session.Printer.Text(release
                    ? $"Node {view.Description.Id} no longer keeps {amount} for {owner}."
                    : $"Node {view.Description.Id} keeps {amount} for {owner}."));
                return ExitCode.Ok;
            });
    }
}
