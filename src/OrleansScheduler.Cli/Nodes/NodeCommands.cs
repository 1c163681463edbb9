namespace OrleansScheduler.Cli;

/// <summary><c>osched node …</c>: the machines of the cell.</summary>
internal static class NodeCommands
{
    /// <summary>More tasks than this are not shown with a node.</summary>
    private const int TasksShown = 50;

    public static Verb Create(Shell shell) => new Verb(
        shell, "node", "Look at nodes, take them out of service and put them back", "node list", "node drain node-7")
        .With(
            CreateList(shell),
            CreateStatus(shell),
            NodeDrainCommand.CreateDrain(shell),
            NodeDrainCommand.CreateSchedule(shell),
            NodeDrainCommand.CreateUndrain(shell),
            NodeReserveCommand.Create(shell, "reserve", "Set something of a node aside for a role", release: false),
            NodeReserveCommand.Create(shell, "unreserve", "Give back what was set aside for a role", release: true));

    private static Verb CreateList(Shell shell)
    {
        var limit = Arguments.Limit();
        var verb = new Verb(shell, "list", "List the nodes of the cell", "node list", "node list -o wide") { Aliases = { "ls" } };
        return verb.With(limit).Runs(async (session, cancellationToken) => session.List(
            await Session.AllAsync(page => session.Client.ListNodesAsync(page, cancellationToken), session.Value(limit)),
            NodeListing.Nodes));
    }

    private static Verb CreateStatus(Shell shell)
    {
        var node = Arguments.Node();
        return new Verb(shell, "status", "Show one node and the tasks on it", "node status node-7")
            .With(node).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.DescribeNodeAsync(session.Value(node), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                IReadOnlyCollection<TaskView> tasks = [];
                if (!session.Printer.IsForPrograms)
                {
                    var filter = new TaskFilter { Node = session.Value(node) };
                    var page = await session.Client.ListTasksAsync(filter, TasksShown, cancellationToken: cancellationToken);
                    if (page.Problem is { } missing) return session.Fail(missing);
                    tasks = [.. page.Value!.Items.Where(task => task.Status.HoldsNode())];
                }

                session.Printer.One(answer.Value!, NodeListing.Nodes, view => NodeListing.Describe(session, view, tasks));
                return ExitCode.Ok;
            });
    }
}
