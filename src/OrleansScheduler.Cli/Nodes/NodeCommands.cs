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
            CreateMaintenance(
                shell, "drain", "Move every task away from a node and give it no new ones",
                (client, node, key, cancellationToken) => client.DrainNodeAsync(node, key, cancellationToken)),
            CreateMaintenance(
                shell, "undrain", "Put a node back into service",
                (client, node, key, cancellationToken) => client.UndrainNodeAsync(node, key, cancellationToken)),
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

    private static Verb CreateMaintenance(
        Shell shell, string name, string description,
        Func<SchedulerClient, string, string, CancellationToken, Task<Answer<NodeView>>> change)
    {
        var (node, operation) = (Arguments.Node(), Arguments.Operation());
        return new Verb(shell, name, description, $"node {name} node-7").With(node, operation).Runs(async (session, cancellationToken) =>
        {
            var answer = await Change.SendAsync(
                session, session.Value(operation), key => change(session.Client, session.Value(node), key, cancellationToken));
            if (answer.Problem is { } problem) return session.Fail(problem);
            session.Printer.One(
                answer.Value!, NodeListing.Nodes,
                view => session.Printer.Text($"Node {view.Description.Id} is {view.Status} and has {Words.Count(view.Tasks, "task")}."));
            return ExitCode.Ok;
        });
    }
}
