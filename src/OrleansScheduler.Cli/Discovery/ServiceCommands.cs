using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched service …</c>: where services are.</summary>
internal static class ServiceCommands
{
    /// <summary>Widths of the columns of a watch, so that lines that come one by one stand below each other.</summary>
    private static readonly int[] Widths = [28, 9];

    private static readonly Listing<ServiceView> Services = new(
        service => service.Key.ToString(),
        new("SERVICE", service => service.Key.ToString()),
        new("HEALTHY", service => $"{service.Instances.Length}/{service.Wanted}"),
        new("ADDRESSES", service => AddressesOf(service, most: 4)),
        new("VERSION", service => $"{service.Version}", WideOnly: true),
        new("CURSOR", service => service.Cursor, WideOnly: true));

    public static Verb Create(Shell shell) => new Verb(
        shell, "service", "Find the healthy instances of services",
        "service list", "service show shop/prod/web", "service watch shop/prod/web -o json")
        .With(CreateList(shell), CreateShow(shell), CreateWatch(shell));

    private static Verb CreateList(Shell shell)
    {
        var role = new Option<string?>("--role") { Description = "Only services of this role" };
        var environment = new Option<string?>("--env") { Description = "Only services of this environment" };
        var limit = Arguments.Limit();
        var verb = new Verb(shell, "list", "List services and where they are", "service list", "service list --role shop -o json")
        {
            Aliases = { "ls" },
        };
        return verb.With(role, environment, limit).Runs(async (session, cancellationToken) => session.List(
            await Session.AllAsync(
                page => session.Client.ListServicesAsync(
                    session.Value(role), session.Value(environment), page: page, cancellationToken: cancellationToken),
                session.Value(limit)),
            Services));
    }

    private static Verb CreateShow(Shell shell)
    {
        var job = Arguments.Job();
        return new Verb(shell, "show", "Show the healthy instances of one service", "service show shop/prod/web")
            .With(job).Runs(async (session, cancellationToken) =>
            {
                var answer = await session.Client.DescribeServiceAsync(session.Value(job), cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                session.Printer.One(answer.Value!, Services, service => Describe(session, service));
                return ExitCode.Ok;
            });
    }

    private static Verb CreateWatch(Shell shell)
    {
        var job = Arguments.Job();
        var after = new Option<string?>("--after")
        {
            Description = "Cursor of what was seen last (-o wide shows them)",
            HelpName = "cursor",
        };
        return new Verb(
            shell, "watch", "Show one service now and whenever it changes", "service watch shop/prod/web",
            "service watch shop/prod/web -o json").With(job, after).Runs(async (session, cancellationToken) =>
            {
                await foreach (var answer in session.Client.WatchServiceAsync(
                    session.Value(job), session.Value(after), cancellationToken))
                {
                    if (answer.Problem is { } problem) return session.Fail(problem);
                    session.Printer.Streamed(answer.Value!, Services, Widths);
                }

                return ExitCode.Ok;
            });
    }

    private static void Describe(Session session, ServiceView service)
    {
        session.Printer.Facts(
            ("Service", service.Key.ToString()),
            ("Healthy", $"{service.Instances.Length} of {service.Wanted}"),
            ("Version", $"{service.Version}"));
        if (service.Instances.IsEmpty) return;
        session.Printer.Text("");
        session.Printer.Table(service.Instances, new Listing<ServiceInstance>(
            one => $"{service.Key}/{one.Instance}",
            new("INSTANCE", one => $"{one.Instance}"),
            new("ATTEMPT", one => $"{one.Attempt}"),
            new("NODE", one => one.Node),
            new("HOST", one => one.Host),
            new("PORTS", one => string.Join(',', one.Ports.Select(port => $"{port.Key}:{port.Value}"))),
            new("VERSION", one => $"{one.Version}"),
            new("SINCE", one => session.Age(one.Since))));
    }

    private static string AddressesOf(ServiceView service, int most)
    {
        var known = service.Instances.Where(one => one.Host is not null).ToList();
        var shown = known.Take(most).Select(one =>
            one.Ports.IsEmpty ? one.Host : string.Join(',', one.Ports.Values.Select(port => $"{one.Host}:{port}")));
        return string.Join(' ', shown) + (known.Count > most ? $" and {known.Count - most} more" : "");
    }
}
